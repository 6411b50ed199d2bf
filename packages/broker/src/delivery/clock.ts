import { setTimeout as delay } from 'node:timers/promises';

/** Time as delivery needs it. A test brings its own. */
export interface Clock {
  /** Milliseconds of a clock that nobody sets: events must not be given up because the machine's time jumps. */
  nowMs(): number;
  /** Resolves after so long, or as soon as `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** A longer timer of Node's would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  async wait(ms, signal) {
    try {
      await delay(Math.min(ms, maxTimerMs), undefined, { signal });
    } catch {
      // Aborted: the wait is over all the same.
    }
  },
};
