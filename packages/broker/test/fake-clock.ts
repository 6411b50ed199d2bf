/** Time that stands still until it is told to go on. */
import type { Clock } from '../src/delivery/clock.ts';

interface Waiter {
  readonly atMs: number;
  readonly end: () => void;
}

/** Lets everything run that waits for no time. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
};

export class FakeClock implements Clock {
  #nowMs = 0;
  /** In the order in which they end. */
  readonly #waiters: Waiter[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  /** When the next wait ends, if anything waits. */
  get nextMs(): number | undefined {
    return this.#waiters[0]?.atMs;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        atMs: this.#nowMs + ms,
        end: () => {
          signal.removeEventListener('abort', waiter.end);
          const place = this.#waiters.indexOf(waiter);
          if (place >= 0) this.#waiters.splice(place, 1);
          resolve();
        },
      };
      signal.addEventListener('abort', waiter.end, { once: true });
      this.#waiters.splice(this.#placeOf(waiter.atMs), 0, waiter);
    });
  }

  /** Goes on by so much; what waits ends at its time, in order. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settled();
    for (let nextMs = this.nextMs; nextMs !== undefined && nextMs <= endMs; nextMs = this.nextMs) {
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      for (const { end } of this.#waiters.slice(0, this.#placeOf(nextMs))) end();
      await settled();
    }
    this.#nowMs = endMs;
  }

  /** Behind all that end at this time or before. */
  #placeOf(atMs: number): number {
    let [low, high] = [0, this.#waiters.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#waiters[middle]?.atMs ?? Infinity) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
