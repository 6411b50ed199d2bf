import type { Log } from '../ops/logger.ts';
import type { Clock } from './clock.ts';

/** Tells the log once that the backend fails, and once that it is back, however many events find out. */
export class Outage {
  readonly #log: Log;
  readonly #clock: Clock;
  #sinceMs: number | undefined;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  failed(reason: string): void {
    if (this.#sinceMs !== undefined) return;
    this.#sinceMs = this.#clock.nowMs();
    this.#log.warn({ reason }, '! backend fails; events wait and are sent again:');
  }

  succeeded(): void {
    if (this.#sinceMs === undefined) return;
    const seconds = ((this.#clock.nowMs() - this.#sinceMs) / 1_000).toFixed(1);
    this.#sinceMs = undefined;
    this.#log.warn({}, `! backend is back after ${seconds} s`);
  }
}
