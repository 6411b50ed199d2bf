import type { BuiltInCommandType, ContractDefinition, ServerMessageOf, SessionOf } from '@wsbroker/protocol';
import type { Target, TargetOf } from './target.ts';

/** Sends a message to connections. */
export type SendCommand<Message, T extends Target = Target> = Readonly<T> & {
  readonly type: 'send';
  readonly message: Message;
};

/** Changes the `sessionInfo` of connections. */
export type SessionCommand<Data, Change = SessionChange> = Readonly<Change> & {
  readonly type: 'session';
  readonly data: Data;
};

/** What a `session` command does beside setting fields, and to whom. */
export interface SessionChangeOf<C extends ContractDefinition> extends TargetOf<C> {
  /** Values (or lists of them) put into list fields, where they are not yet in. */
  readonly add?: ListItems<SessionOf<C>>;
  /** Values (or lists of them) taken out of list fields. */
  readonly remove?: ListItems<SessionOf<C>>;
}
export type SessionChange = SessionChangeOf<ContractDefinition>;

/** One item, or several, of each field that is a list. */
type ListItems<Session> = {
  readonly [K in keyof Session as IfList<Session[K], K>]?: Item<Session[K]> | readonly Item<Session[K]>[];
};
type IfList<Value, Key> = unknown extends Value
  ? Key
  : NonNullable<Value> extends readonly unknown[]
    ? Key
    : never;
type Item<Value> = NonNullable<Value> extends readonly (infer I)[] ? I : unknown;

/** Closes connections. */
export type CloseCommand<Options = CloseOptions> = Readonly<Options> & { readonly type: 'close' };

export interface CloseOptionsOf<C extends ContractDefinition> extends TargetOf<C> {
  /** WebSocket close code: 1000, or 3000 to 4999. @default 1000 */
  readonly code?: number;
  /** Told to the client; at most 123 bytes of UTF-8. */
  readonly reason?: string;
}
export type CloseOptions = CloseOptionsOf<ContractDefinition>;

/** Asks for the `sessionInfo` of connections. */
export type ListCommand<Options = ListOptions> = Readonly<Options> & { readonly type: 'list' };

export interface ListOptionsOf<C extends ContractDefinition> extends TargetOf<C> {
  /** Only these fields of each `sessionInfo`. */
  readonly fields?: readonly (keyof SessionOf<C> | 'ip' | 'wskey')[];
  /** At most so many, up to 10,000; the result is then a page, with a `cursor` when there is more. */
  readonly limit?: number;
  /** Where to go on: the `cursor` of the page before. */
  readonly cursor?: string;
  /** Only how many there are. */
  readonly count?: boolean;
}
export type ListOptions = ListOptionsOf<ContractDefinition>;

/** Writes to the broker's log. */
export interface LogCommand {
  readonly type: 'log';
  readonly text: string;
}

/** Answers the request that caused the event. */
export interface ReplyCommand<Message = unknown> {
  readonly type: 'reply';
  readonly message: Message;
}

/** What a command has beside its own fields when nothing else was said. */
export type NoOptions = object;

declare const customBrand: unique symbol;

/**
 * A command of the application's own, which the broker's `backendCommands` or `onBackendMessage` takes.
 * It is made by {@link custom} alone: a plain object with any type would let mistakes in built-in ones pass.
 */
export interface CustomCommand {
  readonly type: string;
  readonly [customBrand]: true;
}

/** Any command that a backend of this contract may give at any time; a `reply` is for requests alone. */
export type CommandOf<C extends ContractDefinition> =
  | SendCommand<ServerMessageOf<C>, TargetOf<C>>
  | SessionCommand<Partial<SessionOf<C>>, SessionChangeOf<C>>
  | CloseCommand<CloseOptionsOf<C>>
  | ListCommand<ListOptionsOf<C>>
  | LogCommand
  | CustomCommand;

/**
 * Sends `message`. Without `match`: in the answer to an event, to the connection that caused it;
 * in a command POST, to all.
 *
 * @example
 * send({ type: 'said', text: 'hello' }, { match: { room: 'lobby' } })
 */
export const send = <
  Type extends string,
  Message extends { readonly type: Type },
  T extends Target = NoOptions,
>(
  message: Message,
  target?: T,
): SendCommand<Message, T> => ({ ...(target as T), type: 'send', message });

/**
 * Sets the fields of `data` in `sessionInfo`; objects are merged, anything else is replaced.
 * `change` puts values into list fields and takes them out, and says which connections are meant.
 *
 * @example
 * session({ name: 'Ada' })
 * session({}, { add: { rooms: 'lobby' }, match: { name: 'Ada' } })
 */
export const session = <Data extends object, Change extends SessionChange = NoOptions>(
  data: Data,
  change?: Change,
): SessionCommand<Data, Change> => ({ ...(change as Change), type: 'session', data });

/**
 * Closes connections. Without `match`: in the answer to an event, the connection that caused it;
 * in a command POST, all.
 *
 * @example
 * close({ code: 4500, reason: 'banned', match: { name: 'Mallory' } })
 */
export const close = <Options extends CloseOptions = NoOptions>(
  options?: Options,
): CloseCommand<Options> => ({ ...(options as Options), type: 'close' });

/**
 * Asks for the `sessionInfo` of connections. Of use in a command POST alone: nobody reads the results of
 * commands in the answer to an event.
 *
 * @example
 * list({ match: { room: 'lobby' }, fields: ['name'] })
 */
export function list(): ListCommand<NoOptions>;
export function list<const Options extends ListOptions>(options: Options): ListCommand<Options>;
export function list(options?: ListOptions): ListCommand {
  return { ...options, type: 'list' };
}

/** Writes `text` to the broker's log. */
export const log = (text: string): LogCommand => ({ type: 'log', text });

/**
 * Answers the request that caused the event. Of use in the answer to a request alone.
 *
 * @example
 * reply({ lines: ['hello'] })
 */
export const reply = <Message>(message: Message): ReplyCommand<Message> => ({ type: 'reply', message });

/**
 * A command of the application's own.
 *
 * @example
 * custom('restart-game', { table: 7 })
 */
export const custom = <Type extends string>(
  type: Type extends BuiltInCommandType ? never : Type,
  fields: Readonly<Record<string, unknown>> = {},
): CustomCommand => ({ ...fields, type }) as unknown as CustomCommand;
