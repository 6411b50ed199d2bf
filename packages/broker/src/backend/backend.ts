/** One attempt to deliver one event. */
export interface Delivery {
  /** The same on every attempt. */
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  /** The event as JSON. */
  readonly messageJson: string;
  /** The `sessionInfo` at this moment as JSON. */
  readonly connectionJson: string;
}

/** What became of an attempt. */
export type Answer =
  /** The backend has it. `problem` says why there are no commands although it said something. */
  | { readonly outcome: 'delivered'; readonly answer: unknown; readonly problem?: string }
  /** Not now: to be tried again, for as long as an event may wait. */
  | { readonly outcome: 'retry'; readonly reason: string; readonly retryAfterMs?: number | undefined }
  /** Perhaps a deploy that is half done: to be tried again for a minute. */
  | { readonly outcome: 'retry-briefly'; readonly reason: string; readonly retryAfterMs?: number | undefined }
  /** Never: trying again cannot help. */
  | { readonly outcome: 'dead-letter'; readonly reason: string };

/** Where events go. */
export interface Backend {
  /** Delivers one event. Never rejects: every failure is an outcome. */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}
