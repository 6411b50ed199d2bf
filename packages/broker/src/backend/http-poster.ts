import { Pool } from 'undici';
import type { HttpBackendSettings } from '../options.ts';
import { InOrder } from '../ops/in-order.ts';
import { backendTlsOptions } from './backend-tls.ts';
import { HttpExchange, type Posted } from './http-exchange.ts';

export interface HttpPost {
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: string;
}

/** POSTs to one URL, over connections that are kept. */
export class HttpPoster {
  readonly #pool: Pool;
  readonly #path: string;
  readonly #timeoutMs: number;
  readonly #maxAnswerBytes: number;
  /** The oldest first: the one whose time is over first. */
  readonly #running = new InOrder<HttpExchange>();
  readonly #watched = new WeakSet<AbortSignal>();
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: HttpBackendSettings) {
    const url = new URL(settings.url);
    this.#path = `${url.pathname}${url.search}`;
    this.#timeoutMs = settings.timeoutMs;
    this.#maxAnswerBytes = settings.maxAnswerBytes;
    this.#pool = new Pool(url.origin, {
      // As many again may have stepped aside; and the requests wait before they come here, never here.
      connections: 2 * settings.maxRequests,
      // These start anew with each byte. One bound for the whole of an exchange is kept here, which ends an
      // answer that drips as well.
      headersTimeout: 0,
      bodyTimeout: 0,
      // The bounds here hold for HTTP/1.1, and a backend may prefer HTTP/2.
      allowH2: false,
      connect: backendTlsOptions(settings),
    });
  }

  /** Never rejects. */
  post({ headers, body }: HttpPost, signal: AbortSignal): Promise<Posted> {
    if (signal.aborted) return Promise.resolve(brokenOff(signal));
    this.#watch(signal);
    return new Promise((resolve) => {
      const exchange = new HttpExchange({
        signal,
        untilMs: performance.now() + this.#timeoutMs,
        maxAnswerBytes: this.#maxAnswerBytes,
        onEnd: (ended, posted) => {
          this.#running.delete(ended);
          resolve(posted);
        },
      });
      this.#running.add(exchange);
      this.#timer ??= this.#timerFor(this.#timeoutMs);
      this.#pool.dispatch({ method: 'POST', path: this.#path, headers, body }, exchange);
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#pool.destroy();
  }

  /** One listener for each signal and not for each request: they come with the same one. */
  #watch(signal: AbortSignal): void {
    if (this.#watched.has(signal)) return;
    this.#watched.add(signal);
    const abort = (): void => {
      for (const exchange of this.#running) {
        if (exchange.signal === signal) exchange.cut(brokenOff(signal));
      }
    };
    signal.addEventListener('abort', abort, { once: true });
  }

  /** One timer for all; it is left to run out when its request has ended, and then looks at the next. */
  #timerFor(waitMs: number): NodeJS.Timeout {
    // A connection keeps the process alive, this needs not.
    return setTimeout(() => this.#endLate(), waitMs).unref();
  }

  #endLate(): void {
    const nowMs = performance.now();
    this.#timer = undefined;
    for (const exchange of this.#running) {
      const leftMs = exchange.untilMs - nowMs;
      if (leftMs > 0) {
        this.#timer = this.#timerFor(Math.ceil(leftMs));
        return;
      }
      exchange.cut({ outcome: 'late' });
    }
  }
}

const brokenOff = (signal: AbortSignal): Posted => ({ outcome: 'failed', error: signal.reason as unknown });
