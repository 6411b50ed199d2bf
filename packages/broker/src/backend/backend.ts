import type { JsonText } from '@wsbroker/protocol';

/** One attempt to deliver one event. */
export interface Delivery {
  /** The same on every attempt. */
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  /** The event as JSON. */
  readonly messageJson: string;
  /** The `sessionInfo` at this moment. */
  readonly connection: JsonText;
  /** W3C trace context: the trace is the event's, the parent this attempt's. */
  readonly traceparent: string;
  /** Of a client's request: its id, which says that a `reply` is expected. */
  readonly request?: number | undefined;
  /** Of `session-disconnect`: why. */
  readonly reason?: string | undefined;
}

/** How an attempt failed. */
export type Failure =
  /** It never got there. */
  | 'unreachable'
  /** It may have got there; no answer can come any more. */
  | 'cut'
  /** It was not answered in time. */
  | 'no-answer'
  /** The answer was that it failed. */
  | 'status';

/** How an attempt failed, and why. */
export interface Failed {
  /** For people. */
  readonly reason: string;
  readonly failure: Failure;
  readonly status?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  /** It was one request for several events: which of them it failed by is not known. */
  readonly isBatch?: boolean;
}

/** What became of an attempt. */
export type Answer =
  /** The backend has it. `problem` says why there are no commands although it said something. */
  | { readonly outcome: 'delivered'; readonly answer: unknown; readonly problem?: string }
  /** Not now: to be tried again, for as long as an event may wait. */
  | ({ readonly outcome: 'retry' } & Failed)
  /** Perhaps a deploy that is half done: to be tried again for a minute. */
  | ({ readonly outcome: 'retry-briefly' } & Failed)
  /** Never: trying again cannot help. */
  | { readonly outcome: 'dead-letter'; readonly reason: string; readonly status: number };

/** What became of several events that were sent as one. */
export type BatchAnswer =
  /** For each of them its commands, or null where the backend has not done it. */
  | { readonly outcome: 'delivered'; readonly answers: readonly (readonly unknown[] | null)[] }
  /** It is not taken as a whole, or the answer does not fit: which of them were done is not known. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** Not now. */
  | ({ readonly outcome: 'retry' } & Failed);

/** Of a backend that takes several events in one request. */
export interface Batches {
  /** How many at this time; 1 is none. */
  readonly maxEvents: number;
  /** Of their messages and connections. */
  readonly maxBytes: number;
  /** Delivers events of different connections. Never rejects. */
  deliver(deliveries: readonly Delivery[], signal: AbortSignal): Promise<BatchAnswer>;
}

/** Where events go. */
export interface Backend {
  /** @default it takes them one by one */
  readonly batches?: Batches;
  /** Delivers one event. Never rejects: every failure is an outcome. */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}
