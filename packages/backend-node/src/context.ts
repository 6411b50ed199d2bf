import type { BatchEvent, ContractDefinition, ReplyOf, ServerMessageOf, SessionOf } from '@wsbroker/protocol';
import {
  close,
  type CloseCommand,
  type CloseOptionsOf,
  custom,
  log,
  type LogCommand,
  reply,
  type ReplyCommand,
  send,
  type SendCommand,
  session,
  type SessionChangeOf,
  type SessionCommand,
} from './command.ts';
import type { ConnectionOf, TargetOf } from './target.ts';

/** What the broker says of an event, in headers. */
export interface EventFacts {
  /** The type on the wire: `session-connect`, `client-say`, `session-disconnect`. */
  readonly type: string;
  /**
   * The event's own id, the same on every attempt: what to remember where doing a thing twice would matter.
   * Missing with brokers that send none (`wsbroker` 1.x).
   */
  readonly id: string | undefined;
  /** 1 the first time; more when the broker has tried before and got no good answer. */
  readonly attempt: number;
  /** When this attempt was sent. */
  readonly timestamp: Date | undefined;
  /** Of a request: its number on its connection. Nothing but the broker needs it. */
  readonly request: number | undefined;
  /**
   * Of `session-disconnect`: `client-left`, `connection-lost`, `closed` (by a command), `broker-closed` or
   * `broker-restarted`; a later broker may have more. Missing with `wsbroker` 1.x.
   */
  readonly reason: string | undefined;
  /**
   * W3C trace context, as it came: the trace is the same on every attempt of an event. Pass it on to what the
   * handler calls, or make a span under it.
   */
  readonly traceparent: string | undefined;
}

/** The command builders, typed by the contract. Without `match` they mean the connection that caused the event. */
export interface ContextCommands<C extends ContractDefinition> {
  send(
    this: void,
    message: ServerMessageOf<C>,
    target?: TargetOf<C>,
  ): SendCommand<ServerMessageOf<C>, TargetOf<C>>;
  session(
    this: void,
    data: Partial<SessionOf<C>>,
    change?: SessionChangeOf<C>,
  ): SessionCommand<Partial<SessionOf<C>>, SessionChangeOf<C>>;
  close(this: void, options?: CloseOptionsOf<C>): CloseCommand<CloseOptionsOf<C>>;
  log(this: void, text: string): LogCommand;
  readonly custom: typeof custom;
}

/** What a handler gets for an event that no connection caused. */
export interface DirectContext<C extends ContractDefinition> extends ContextCommands<C> {
  readonly event: EventFacts;
}

/** What a handler gets beside the message. */
export interface Context<C extends ContractDefinition> extends DirectContext<C> {
  /** The `sessionInfo` of the connection that caused the event, as it was when the event was sent. */
  readonly connection: ConnectionOf<C>;
}

/** What the handler of a request gets. */
export interface RequestContext<
  C extends ContractDefinition,
  Type extends string = string,
> extends Context<C> {
  /** The answer to the request; it is checked with the contract. */
  reply(this: void, message: ReplyOf<C, Type>): ReplyCommand<ReplyOf<C, Type>>;
}

/** Header names in lower case, as `node:http` gives them. */
export type EventHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const commands = { send, session, close, log, custom, reply };

/** The builders are the same for every contract; their types are not. */
export const createContext = <C extends ContractDefinition>(
  event: EventFacts,
  connection: Readonly<Record<string, unknown>>,
): RequestContext<C> => ({ ...commands, event, connection }) as unknown as RequestContext<C>;

export const readEventFacts = (type: string, headers: EventHeaders): EventFacts => ({
  type,
  id: single(headers['webhook-id']),
  attempt: Math.max(1, wholeNumber(headers['wsbroker-attempt']) ?? 1),
  timestamp: dateOf(wholeNumber(headers['webhook-timestamp'])),
  request: wholeNumber(headers['wsbroker-request']),
  reason: single(headers['wsbroker-reason']),
  traceparent: single(headers['traceparent']),
});

/** Of an event among others: what the headers of a single one say, its fields do. */
export const batchEventFacts = (event: BatchEvent, headers: EventHeaders): EventFacts => ({
  type: event.message.type,
  id: event.id,
  attempt: event.attempt,
  timestamp: dateOf(wholeNumber(headers['webhook-timestamp'])),
  request: event.request,
  reason: event.reason,
  traceparent: event.traceparent,
});

const single = (value: EventHeaders[string]): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

const wholeNumber = (value: EventHeaders[string]): number | undefined => {
  const text = single(value);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
};

const dateOf = (seconds: number | undefined): Date | undefined =>
  seconds === undefined || seconds > maxSeconds ? undefined : new Date(seconds * 1000);

/** A `Date` holds no more. */
const maxSeconds = 8_640_000_000_000;
