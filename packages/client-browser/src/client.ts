import type {
  AnyMessage,
  BrokerErrorMessage,
  ClientMessageOf,
  ContractDefinition,
  ServerMessageOf,
} from '@wsbroker/protocol';
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
   * Sends a message, or queues it while there is no socket; the queue is sent in order as soon as there is.
   *
   * What was written into a socket that dies at that moment may be lost: the plain wire has no
   * acknowledgements.
   *
   * @throws {ClientError} `queue-full`, `closed`, `not-json`, `too-large`: the message was not taken.
   */
  readonly send: (message: ClientMessageOf<C>) => void;

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
   * @param code 1000, or 3000 to 4999. @default 1000
   * @param reason at most 123 bytes
   */
  readonly close: (code?: number, reason?: string) => void;

  /** `close()`, for `using`. */
  readonly [Symbol.dispose]: () => void;
}
