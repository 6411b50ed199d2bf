export type BrokerErrorCode =
  /** An option is missing, unknown or out of its bounds. */
  | 'bad-option'
  /** Another program listens on the port. */
  | 'port-taken'
  /** The server could not listen, for another reason: see `cause`. */
  | 'listen-failed'
  /** A file of the option `tls` or `backend.ca` cannot be used: the text says which and why. */
  | 'tls-failed'
  /** The file of the option `journal` cannot be used: the text says why. */
  | 'journal-failed'
  /** So many events wait for the backend that no more are taken. */
  | 'queue-full'
  /** The broker was closed before it could do this. */
  | 'closed';

/** What the broker throws: misuse, or a start that failed. Match `code`, not the text. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: BrokerErrorCode;

  constructor(code: BrokerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
