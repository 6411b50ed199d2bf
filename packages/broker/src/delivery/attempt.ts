import type { Answer, Delivery } from '../backend/backend.ts';
import { reasonOf } from '../ops/reason.ts';
import type { Addressed } from './carry-out.ts';
import { type TraceIds, traceparentOf } from './trace-ids.ts';
import type { Lane, NoPass, Turn } from './turn.ts';

/** An event on its way. */
export interface Parcel extends Addressed {
  readonly lane: Lane;
  readonly traceId: string;
}

/** An attempt that did not reach the backend. */
type NotSent =
  | { readonly outcome: 'stopped' }
  | { readonly outcome: 'too-old' }
  | { readonly outcome: 'not-sent'; readonly reason: string };

/** What became of an attempt. */
export type Attempted =
  | Answer
  | NotSent
  /** It was sent together with others, and is to be sent alone at once: that says nothing of the event. */
  | { readonly outcome: 'alone'; readonly reason: string };

export type Failed = Extract<Answer, { outcome: 'retry' | 'retry-briefly' }>;

export const isFailed = (attempted: Attempted): attempted is Failed =>
  attempted.outcome === 'retry' || attempted.outcome === 'retry-briefly';

export interface AttemptOptions {
  readonly parcel: Parcel;
  /** From 1. */
  readonly attempt: number;
  /** A backend has had it before, as far as is known. */
  readonly isKnown: boolean;
  /** Then the event is too old. */
  readonly untilMs: number;
  readonly traceIds: TraceIds;
}

/** One attempt to deliver one event. */
export class Attempt implements Turn {
  readonly lane: Lane;
  readonly isTried: boolean;
  readonly isAlone: boolean;
  readonly untilMs: number;
  readonly settle: (attempted: Attempted) => void;
  readonly #options: AttemptOptions;
  #encoded: Delivery | NotSent = { outcome: 'stopped' };

  constructor(options: AttemptOptions, settle: (attempted: Attempted) => void) {
    const { parcel, attempt, isKnown, untilMs } = options;
    this.#options = options;
    this.lane = parcel.lane;
    this.isTried = attempt > 1;
    // Who sends one of no connection may expect an answer that is no list of commands.
    this.isAlone = isKnown || !('wskey' in parcel.subject);
    this.untilMs = untilMs;
    this.settle = settle;
  }

  /** What {@link encode} made. */
  get encoded(): Delivery | NotSent {
    return this.#encoded;
  }

  /** At the moment of sending: the backend sees what it set a moment ago. */
  encode(): number {
    const { parcel, attempt, traceIds } = this.#options;
    const { event, subject, traceId } = parcel;
    const { id, json: messageJson, request, reason } = event;
    try {
      const connection = subject.sessionText;
      const traceparent = traceparentOf(traceId, traceIds.next(8));
      this.#encoded = { id, attempt, messageJson, connection, traceparent, request, reason };
      return Buffer.byteLength(messageJson) + Buffer.byteLength(connection.json);
    } catch (error) {
      // A handler of the application may have put something in `sessionInfo` that JSON cannot hold.
      this.#encoded = { outcome: 'not-sent', reason: reasonOf(error) };
      return 0;
    }
  }

  deny(why: NoPass): void {
    this.settle({ outcome: why });
  }
}
