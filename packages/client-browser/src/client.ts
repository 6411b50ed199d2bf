import type {
  AnyMessage,
  BrokerErrorMessage,
  ClientMessageOf,
  ContractDefinition,
  ReplyOf,
  RequestOf,
  RequestTypeOf,
  ServerMessageOf,
} from '@wsbroker/protocol';
import type { Sent } from './sent.ts';
import type { ClientStatus } from './status.ts';

/** What can be listened to: a type of the contract's server messages, the broker's own errors, or `*` for all. */
export type ReceivedType<C extends ContractDefinition> = ServerMessageOf<C>['type'] | 'broker-error' | '*';

/** What a listener of this type gets. */
export type ReceivedMessage<C extends ContractDefinition, T extends string> = T extends '*'
  ? ServerMessageOf<C> | BrokerErrorMessage
  : T extends 'broker-error'
    ? BrokerErrorMessage
    : string extends ServerMessageOf<C>['type']
      ? AnyMessage
      : Extract<ServerMessageOf<C>, { type: T }>;

/** Options of `client.request`. */
export interface RequestOptions {
  /** How long to wait for the reply, the time in the queue included. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting. A request that has not been sent is taken back; one that has been may be processed. */
  readonly signal?: AbortSignal | undefined;
}

/** What is told of a gap. */
export interface Gap {
  /** Whether the backend still sees the same connection. Otherwise it has seen a disconnect and a connect. */
  readonly resumed: boolean;
}

/** A client of one broker. Each of its functions may be taken off it and passed on. */
export interface Client<C extends ContractDefinition = ContractDefinition> {
  /** Where it stands. The same object until something changes. */
  readonly status: ClientStatus;

  /**
   * Calls the listener for each message of a type; `*` for all, after those of the type. Returns its undo.
   *
   * What a listener throws goes to `onError`, and the others are called all the same.
   */
  readonly on: <const T extends ReceivedType<C>>(
    type: T,
    listener: (message: ReceivedMessage<C, T>) => void,
  ) => () => void;

  /**
   * Sends a message, or queues it while there is no socket; the queue is sent in order as soon as there is. What
   * the broker has not acknowledged is sent again after a lost socket.
   *
   * The handle that it returns may be ignored, or followed to the end. On the plain wire there are no
   * acknowledgements: what was written into a socket that dies at that moment may be lost, and `settled` says
   * `unknown` as soon as it is written.
   *
   * @throws {ClientError} `queue-full`, `closed`, `not-json`, `too-large`: the message was not taken.
   *
   * @example
   * const sent = client.send({ type: 'say', text: 'hello' });
   * const { outcome } = await sent.settled;
   */
  readonly send: (message: ClientMessageOf<C>) => Sent;

  /**
   * Asks the backend, and resolves with its reply. Needs `wsbroker.v1`.
   *
   * Rejects with a {@link ClientError}: `timeout`; `aborted`; `failed`, with the broker's code in `wireCode`;
   * `connection-lost` when the reply was lost on its way; `no-requests` on the plain wire; and whatever `send`
   * throws. After `timeout`, `aborted` and `connection-lost` the backend may have processed it all the same.
   *
   * @example
   * const { lines } = await client.request({ type: 'history', limit: 50 }, { timeoutMs: 5_000 });
   */
  readonly request: <const T extends RequestTypeOf<C>>(
    message: { readonly type: T } & RequestOf<C, T>,
    options?: RequestOptions,
  ) => Promise<ReplyOf<C, T>>;

  /**
   * Calls the listener when messages on their way to this client may have been lost: after the socket was lost
   * and the connection could not be resumed, or not as far as what the backend had sent. Fetch your state anew.
   *
   * On the plain wire that is each opening but the first. After a `close()` and `connect()` of your own it is not
   * called. Returns its undo.
   *
   * @example
   * client.onGap(() => client.send({ type: 'history' }));
   */
  readonly onGap: (listener: (gap: Gap) => void) => () => void;

  /**
   * The messages from now on, for a `for await` loop, of one type or of all. The loop ends when the client is
   * closed; it throws `buffer-full` when it is so slow that messages would be lost.
   */
  readonly messages: <const T extends ReceivedType<C> = '*'>(
    type?: T,
  ) => AsyncIterableIterator<ReceivedMessage<C, T>, undefined>;

  /**
   * Calls the listener now and whenever `status` has changed. Returns its undo.
   *
   * Fits React's `useSyncExternalStore`, and is the store contract of Svelte.
   */
  readonly subscribe: (listener: (status: ClientStatus) => void) => () => void;

  /**
   * Connects: at first with `autoConnect: false`, anew after a close, at once while waiting. Otherwise it does
   * nothing.
   *
   * @throws {ClientError} `no-websocket`, `bad-url`
   */
  readonly connect: () => void;

  /**
   * Ends the connection and the loops over `messages()`, and gives up what is queued: `status.queued` says how
   * much. Listeners stay, for a later `connect()`.
   *
   * @param code 1000, or 3000 to 4999: the broker takes any of them for the user's leaving. @default 1000
   * @param reason at most 123 bytes
   */
  readonly close: (code?: number, reason?: string) => void;

  /** `close()`, for `using`. */
  readonly [Symbol.dispose]: () => void;
}
