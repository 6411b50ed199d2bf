import type { Log } from '../ops/logger.ts';

/** Tells the log once that the backend fails, and once that it is back, however many events find out. */
export class Outage {
  readonly #log: Log;
  #sinceMs: number | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  failed(reason: string): void {
    if (this.#sinceMs !== undefined) return;
    this.#sinceMs = Date.now();
    this.#log.warn({ reason }, '! backend fails; events wait and are sent again:');
  }

  succeeded(): void {
    if (this.#sinceMs === undefined) return;
    const seconds = ((Date.now() - this.#sinceMs) / 1_000).toFixed(1);
    this.#sinceMs = undefined;
    this.#log.warn({}, `! backend is back after ${seconds} s`);
  }
}
