import type { ErrorCode } from '@wsbroker/protocol';

/** What became of an event, told once. */
export type Fate =
  /** The backend has processed it, and the commands of its answer have run. */
  | { readonly outcome: 'delivered' }
  /** It never will be: `refused` by a status of the backend's, or `not-delivered`. */
  | {
      readonly outcome: 'dead-letter';
      readonly code: ErrorCode;
      readonly reason: string;
      readonly status?: number;
    }
  /** The broker had to stop before it was delivered. A journal still has it. */
  | { readonly outcome: 'abandoned' };

/** An event that waits to be delivered. */
export interface QueuedEvent {
  /** The header `webhook-id`: the same on every attempt. */
  readonly id: string;
  /** The event's type, for the log. */
  readonly type: string;
  /** The event as JSON. */
  readonly json: string;
  /** How long ago it happened when it was queued here; of one that was read from a journal. @default 0 */
  readonly ageMs?: number | undefined;
  /** Of a client's request: the id under which it wants the reply. Header `wsbroker-request`. */
  readonly request?: number | undefined;
  /** Of `session-disconnect`: why. Header `wsbroker-reason`. */
  readonly reason?: string | undefined;
  /** The backend is asked whether this connection may be: 401 and 403 are an answer, and not a deploy. */
  readonly isAuthorization?: boolean | undefined;
  /** Runs before the commands of an answer do, with those commands. */
  readonly onAnswer?: ((commands: readonly unknown[]) => void) | undefined;
  /** Takes the `reply` of the answer's commands; only of a request. */
  readonly onReply?: ((message: unknown) => void) | undefined;
  /** Takes the backend's answer instead of its commands being run. */
  readonly whenDone?: ((answer: unknown) => unknown) | undefined;
  /** Told once, when the event leaves its queue. Must not throw. */
  readonly onSettled?: ((fate: Fate) => void) | undefined;
}
