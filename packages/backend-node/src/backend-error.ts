import type { ErrorCode } from '@wsbroker/protocol';

/** What can go wrong on this side, beside the {@link ErrorCode}s of the wire. */
export type BackendErrorCode =
  | ErrorCode
  /** The event was refused for good by a {@link RejectEvent}. */
  | 'event-rejected'
  /** Another attempt of the same event is still being handled. */
  | 'event-busy'
  /** Not a POST. */
  | 'bad-method'
  /** Something before this handler took the body and left nothing. */
  | 'body-already-read'
  /** No broker answers at the address. */
  | 'unreachable'
  /** The broker did not answer in time. */
  | 'timeout'
  /** What answered is no broker, or another version of it. */
  | 'bad-answer';

/** Base of every error of this package. Match `code`, not the text. */
export class BackendError extends Error {
  override readonly name: string = 'BackendError';
  readonly code: BackendErrorCode;

  constructor(code: BackendErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Thrown by a handler to drop its event for good. The broker is answered 422, logs the event as a dead letter,
 * tells the client that sent it that it was refused (not why), and goes on with the next. Any other error is answered
 * 500, and the broker tries the same event again.
 *
 * @example
 * throw new RejectEvent('the room is closed');
 */
export class RejectEvent extends BackendError {
  override readonly name = 'RejectEvent';

  constructor(reason: string, options?: ErrorOptions) {
    super('event-rejected', reason, options);
  }
}

/** By code: an application may hold an ESM and a CJS copy of the class. */
export const isRejectEvent = (error: unknown): error is RejectEvent =>
  error instanceof Error && 'code' in error && error.code === 'event-rejected';
