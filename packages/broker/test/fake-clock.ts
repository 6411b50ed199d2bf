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
  #waiters: Waiter[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  /** When the next wait ends, if anything waits. */
  get nextMs(): number | undefined {
    return this.#waiters.length === 0 ? undefined : Math.min(...this.#waiters.map(({ atMs }) => atMs));
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        atMs: this.#nowMs + ms,
        end: () => {
          signal.removeEventListener('abort', waiter.end);
          this.#waiters = this.#waiters.filter((other) => other !== waiter);
          resolve();
        },
      };
      signal.addEventListener('abort', waiter.end, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Goes on by so much; what waits ends at its time, in order. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settled();
    for (let nextMs = this.nextMs; nextMs !== undefined && nextMs <= endMs; nextMs = this.nextMs) {
      this.#nowMs = nextMs;
      for (const { atMs, end } of this.#waiters) if (atMs <= nextMs) end();
      await settled();
    }
    this.#nowMs = endMs;
  }
}
