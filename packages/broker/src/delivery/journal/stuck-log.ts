import type { Logger } from '../../ops/logger.ts';

/** A journal that is full to the brim is stuck and free again with each event: these are told no more often. */
const quietMs = 10_000;

/** Tells the log once that nothing can be written, and once that it can again. */
export class StuckLog {
  readonly #log: Logger;
  #sinceMs = 0;
  #saidAtMs = -Infinity;
  #isSaid = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  stuck(reason: string): void {
    this.#sinceMs = performance.now();
    this.#isSaid = this.#sinceMs >= this.#saidAtMs + quietMs;
    if (!this.#isSaid) return;
    this.#saidAtMs = this.#sinceMs;
    this.#log.error({ reason }, '! the journal cannot be written; clients wait until it can:');
  }

  free(): void {
    if (!this.#isSaid) return;
    const seconds = ((performance.now() - this.#sinceMs) / 1_000).toFixed(1);
    this.#log.warn({}, `! the journal is written again after ${seconds} s`);
  }
}
