import type { BackendAnswer, RawBackend, RawEvent } from './raw-backend.ts';

const patienceMs = 20_000;

/** The events of one case after the other. */
export class CaseEvents {
  #events: RawEvent[] = [];
  #wake: () => void = () => undefined;

  /**
   * @param isOurs Whether an event belongs to the case that runs.
   * @param answer What the backend answers to it.
   */
  constructor(
    backend: RawBackend,
    isOurs: (event: RawEvent) => boolean,
    answer: (event: RawEvent) => BackendAnswer = () => undefined,
  ) {
    backend.onEvent = (event) => {
      if (!isOurs(event)) return undefined;
      this.#events.push(event);
      this.#wake();
      return answer(event);
    };
  }

  /** A case begins. */
  clear(): void {
    this.#events = [];
  }

  /** All so far, once one of this type is there. */
  async until(type: string): Promise<readonly RawEvent[]> {
    const deadlineMs = performance.now() + patienceMs;
    while (!this.#events.some((event) => event.type === type)) {
      if (performance.now() > deadlineMs) throw new Error(`the backend was never told of ${type}`);
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
