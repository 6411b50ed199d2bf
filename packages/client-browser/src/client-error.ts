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
  /** The broker refused a message, and nobody listens to `broker-error`. */
  | 'refused';

/** Every error of the client's own. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, cause?: unknown) {
    super(message, cause ? { cause } : undefined);
    this.code = code;
  }
}
