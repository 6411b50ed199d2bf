import { reasonOf } from '../ops/reason.ts';
import { within } from '../ops/time-limit.ts';
import type { EventFacts, FunctionBackendSettings } from '../options.ts';
import type { Answer, Backend, Delivery } from './backend.ts';

/** Backend logic in this process. It gets copies, as an HTTP backend would, so that it changes nothing by accident. */
export class FunctionBackend implements Backend {
  readonly #settings: FunctionBackendSettings;
  readonly #late: string;

  constructor(settings: FunctionBackendSettings) {
    this.#settings = settings;
    this.#late = `no answer within ${settings.timeoutMs} ms`;
  }

  async deliver(delivery: Delivery, signal: AbortSignal): Promise<Answer> {
    try {
      const answer = await this.#bounded(delivery, signal);
      return { outcome: 'delivered', answer: answer ?? [] };
    } catch (error) {
      const reason = reasonOf(error);
      return { outcome: 'retry', failure: reason === this.#late ? 'no-answer' : 'status', reason };
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #bounded(delivery: Delivery, signal: AbortSignal): Promise<unknown> {
    const { timeoutMs, handle } = this.#settings;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(new Error('the broker is closing'));
    signal.addEventListener('abort', abort, { once: true });
    try {
      const message = JSON.parse(delivery.messageJson) as { type: string };
      const connection = JSON.parse(delivery.connection.json) as Record<string, unknown>;
      // Not while the broker is in the middle of what the event is about.
      const handled = Promise.resolve().then(() => handle(message, connection, factsOf(delivery)));
      const answered = Promise.race([handled, aborted]);
      return await within(answered, { timeoutMs, late: this.#late });
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

const factsOf = ({ id, attempt, request, reason }: Delivery): EventFacts => ({
  id,
  attempt,
  ...(request === undefined ? {} : { request }),
  ...(reason === undefined ? {} : { reason }),
});
