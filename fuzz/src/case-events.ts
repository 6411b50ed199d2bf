import type { RawBackend, RawEvent } from './raw-backend.ts';

const patienceMs = 20_000;

/** The events of one connection after the other, told apart by a cookie. */
export class CaseEvents {
  #number = 0;
  #events: RawEvent[] = [];
  #wake: () => void = () => undefined;

  constructor(backend: RawBackend) {
    backend.onEvent = (event) => {
      if (event.connection['case'] !== String(this.#number)) return undefined;
      this.#events.push(event);
      this.#wake();
      return undefined;
    };
  }

  /** A header for the handshake of the next case. */
  next(): string {
    this.#number += 1;
    this.#events = [];
    return `Cookie: case=${this.#number}`;
  }

  /** All of them, once the connection's last one is there. */
  async all(): Promise<readonly RawEvent[]> {
    const deadlineMs = performance.now() + patienceMs;
    while (this.#events.at(-1)?.type !== 'session-disconnect') {
      if (performance.now() > deadlineMs)
        throw new Error(`the backend was never told of the end of case ${this.#number}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#events;
  }
}
