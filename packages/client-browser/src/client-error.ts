/** What can go wrong in the client. Match on this, never on the text. */
export type ClientErrorCode =
  /** An option has a value that cannot work. */
  | 'bad-option'
  /** The URL cannot be made into a ws: or wss: address. */
  | 'bad-url'
  /** There is no `WebSocket` here, and none was handed in. */
  | 'no-websocket'
  /** The message is no object, or JSON cannot hold it. */
  | 'not-json'
  /** The message is larger than `maxMessageBytes`. */
  | 'too-large'
  /** No room in the queue. The message was not taken. */
  | 'queue-full'
  /** The client is closed. The message was not taken. */
  | 'closed'
  /** `messages()` was read too slowly, and messages would have been lost. */
  | 'buffer-full'
  /** The broker sent something that is no message. */
  | 'bad-message'
  /** A message failed, and nobody listens to `broker-error`: `wireCode` says how. */
  | 'refused'
  /** A request failed at the broker or the backend: `wireCode` says how. */
  | 'failed'
  /** The connection was lost, and with it the outcome of a message, or the reply to a request. */
  | 'connection-lost'
  /** No reply in time. The message may have arrived all the same. */
  | 'timeout'
  /** The `signal` of a request was aborted. The message may have arrived all the same. */
  | 'aborted'
  /** A request on the plain wire, which has none. */
  | 'no-requests';

interface ClientErrorDetails {
  readonly cause?: unknown;
  readonly wireCode?: string;
}

/** Every error of the client's own. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  /** Of `failed` and `refused`: the broker's own code, such as `refused` or `no-reply`. */
  declare readonly wireCode?: string;

  constructor(code: ClientErrorCode, message: string, { cause, wireCode }: ClientErrorDetails = {}) {
    super(message, cause ? { cause } : undefined);
    this.code = code;
    if (wireCode) this.wireCode = wireCode;
  }
}
