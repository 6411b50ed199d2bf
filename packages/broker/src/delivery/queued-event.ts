/** An event that waits to be delivered. */
export interface QueuedEvent {
  /** The header `webhook-id`: the same on every attempt. */
  readonly id: string;
  /** The event's type, for the log. */
  readonly type: string;
  /** The event as JSON. */
  readonly json: string;
  /** Takes the backend's answer instead of its commands being run. */
  readonly whenDone?: ((answer: unknown) => unknown) | undefined;
}
