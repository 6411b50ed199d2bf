import type { ContractDefinition, ServerMessageOf, SessionOf } from '@wsbroker/protocol';
import {
  close,
  type CloseCommand,
  type CloseOptionsOf,
  custom,
  log,
  type LogCommand,
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

/** Header names in lower case, as `node:http` gives them. */
export type EventHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const commands = { send, session, close, log, custom };

/** The builders are the same for every contract; their types are not. */
export const createContext = <C extends ContractDefinition>(
  event: EventFacts,
  connection: Readonly<Record<string, unknown>>,
): Context<C> => ({ ...commands, event, connection }) as unknown as Context<C>;

export const readEventFacts = (type: string, headers: EventHeaders): EventFacts => ({
  type,
  id: single(headers['webhook-id']),
  attempt: Math.max(1, wholeNumber(headers['wsbroker-attempt']) ?? 1),
  timestamp: dateOf(wholeNumber(headers['webhook-timestamp'])),
});

const single = (value: EventHeaders[string]): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

const wholeNumber = (value: EventHeaders[string]): number | undefined => {
  const text = single(value);
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
};

const dateOf = (seconds: number | undefined): Date | undefined =>
  seconds === undefined ? undefined : new Date(seconds * 1000);
