import type {
  AnyMessage,
  ContractDefinition,
  MessageSchemas,
  ReceivedMessageOf,
  ReceivedRequestOf,
  ReplyOf,
  RequestSchemas,
} from '@wsbroker/protocol';
import type { CommandOf, ReplyCommand } from './command.ts';
import type { Context, DirectContext, EventFacts, RequestContext } from './context.ts';
import type { DedupeStore } from './dedupe-store.ts';
import type { Secret } from './secrets.ts';

/** What a handler answers: a command, a list of them, or nothing; now or later. */
export type HandlerResult<C extends ContractDefinition> =
  CommandOf<C> | readonly CommandOf<C>[] | void | Promise<CommandOf<C> | readonly CommandOf<C>[] | void>;

/** What the handler of a request answers: its reply, alone or in a list with other commands. */
export type RequestResult<C extends ContractDefinition, Type extends string> =
  RequestAnswer<C, ReplyOf<C, Type>> | Promise<RequestAnswer<C, ReplyOf<C, Type>>>;

type RequestAnswer<C extends ContractDefinition, Message> =
  ReplyCommand<Message> | readonly (CommandOf<C> | ReplyCommand<Message>)[];

/** What `onUnknown` answers: an unknown request may get a reply too. */
export type UnknownResult<C extends ContractDefinition> =
  HandlerResult<C> | RequestAnswer<C, unknown> | Promise<RequestAnswer<C, unknown> | void>;

/** The contract's message of one type, as its validator puts it out. */
export type MessageOf<C extends ContractDefinition, Type extends string> = Extract<
  ReceivedMessageOf<C>,
  { type: Type }
>;

/** A handler for each message of the contract: none may be missing. */
export type MessageHandlers<C extends ContractDefinition> = C extends {
  clientMessages: infer S extends MessageSchemas;
}
  ? {
      readonly [Type in keyof S & string]: (
        this: void,
        ctx: Context<C>,
        message: MessageOf<C, Type>,
      ) => HandlerResult<C>;
    }
  : { readonly [type: string]: (this: void, ctx: Context<C>, message: AnyMessage) => HandlerResult<C> };

type MessagesOf<C extends ContractDefinition> = C extends { clientMessages: MessageSchemas }
  ? { readonly messages: MessageHandlers<C> }
  : { readonly messages?: MessageHandlers<C> };

/** A handler for each request of the contract: none may be missing. */
export type RequestHandlers<C extends ContractDefinition> = C extends {
  requests: infer R extends Readonly<Record<string, RequestSchemas>>;
}
  ? {
      readonly [Type in keyof R & string]: (
        this: void,
        ctx: RequestContext<C, Type>,
        request: ReceivedRequestOf<C, Type>,
      ) => RequestResult<C, Type>;
    }
  : {
      readonly [type: string]: (
        this: void,
        ctx: RequestContext<C>,
        request: AnyMessage,
      ) => RequestResult<C, string>;
    };

type RequestsOf<C extends ContractDefinition> = C extends { requests: object }
  ? { readonly requests: RequestHandlers<C> }
  : { readonly requests?: RequestHandlers<C> };

/**
 * What a backend does with each event.
 *
 * A handler that throws is answered 500 and the broker tries the event again, in order: the connection's next
 * events wait. A {@link RejectEvent} is answered 422 and drops the event.
 */
export type BackendHandlers<C extends ContractDefinition> = MessagesOf<C> & RequestsOf<C> & BackendOptions<C>;

export interface BackendOptions<C extends ContractDefinition> {
  /** A client connected. The connection's first event. */
  connect?(this: void, ctx: Context<C>): HandlerResult<C>;
  /** A client is gone. The connection's last event; commands for it reach nobody, others do. */
  disconnect?(this: void, ctx: Context<C>): HandlerResult<C>;
  /**
   * An event with a type that is not in the contract; `message.type` is the one on the wire. A request has
   * `ctx.event.request`, and may be answered with {@link reply}.
   * @default a `client-…` is answered with a `broker-error` (`bad-message`), anything else with no command
   */
  onUnknown?(this: void, ctx: Context<C>, message: AnyMessage): UnknownResult<C>;
  /**
   * A message of the broker's own application (`broker.sendBackendMessage`). No connection caused it, so
   * commands need a `match`.
   * @default refused with 422
   */
  onDirect?(this: void, ctx: DirectContext<C>, message: AnyMessage): HandlerResult<C>;
  /**
   * Told of everything that is answered with 500, before it is. `event` is missing where the body could not
   * be read. What it throws is written to the console and goes no further.
   * @default writes to the console
   */
  onError?(this: void, error: unknown, event: EventFacts | undefined): void;
  /**
   * Where ids of events are kept with their answers: an event that comes again gets the answer of the first time,
   * and no handler is called. An event whose handler failed is not kept. Events without an id are handled each
   * time.
   * @default none: handlers run again when the broker tries an event again
   */
  readonly dedupe?: DedupeStore;
  /**
   * The broker's `secret`: every event must be signed with it, over its body as it came, at most 300 seconds from now.
   * One that is not is answered 401, and no handler is called. A list while one secret takes over from the other.
   * An option that is `undefined` throws, so that an environment variable that is not set does not turn it off.
   * @default none: signatures are not looked at
   */
  readonly secret?: Secret;
  /**
   * How many events one POST may bring, at most 1,000. Their handlers run side by side, and are answered together: one
   * that takes long holds up the others. 1: events come one by one.
   * @default 100
   */
  readonly maxBatch?: number;
  /**
   * Largest request body in bytes; a larger one is answered 413, which makes the broker drop the event.
   * @default 1_048_576
   */
  readonly maxBodyBytes?: number;
}
