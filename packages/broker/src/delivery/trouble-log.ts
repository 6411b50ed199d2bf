import type { Log } from '../ops/logger.ts';
import type { Clock } from './clock.ts';

/** Lines about single events come no closer than this: while half of all requests fail, they would fill the log. */
const quietMs = 1_000;

/** Tells the log of failures: of an outage once, and once that it is over, however many events find out. */
export class TroubleLog {
  readonly #log: Log;
  readonly #clock: Clock;
  #downSinceMs = 0;
  #saidAtMs = -Infinity;
  #unsaid = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  down(reason: string): void {
    this.#downSinceMs = this.#clock.nowMs();
    this.#log.warn({ reason }, '! backend fails; events wait and are sent again:');
  }

  up(): void {
    const seconds = ((this.#clock.nowMs() - this.#downSinceMs) / 1_000).toFixed(1);
    this.#log.warn({}, `! backend is back after ${seconds} s`);
  }

  /** Several events that were sent as one are sent again, each alone. */
  batchRefused(events: number, reason: string): void {
    this.#log.warn(
      { events, reason },
      '! backend did not take several events as one; each is sent again alone:',
    );
  }

  /** An event failed for the first time, and will be tried again. */
  failed(id: string, type: string, reason: string): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#saidAtMs + quietMs) {
      this.#unsaid += 1;
      return;
    }
    const more = this.#unsaid > 0 ? { more: this.#unsaid } : {};
    this.#log.warn({ id, reason, ...more }, `! ${type} failed and is sent again:`);
    this.#saidAtMs = nowMs;
    this.#unsaid = 0;
  }
}
