import { type Body, notificationBody, parseJson } from '@wsbroker/protocol';
import { readSecret, sign, type SignatureKey } from '@wsbroker/protocol/signature';
import { errors, Pool } from 'undici';
import { reasonOf } from '../ops/reason.ts';
import type { HttpBackendSettings } from '../options.ts';
import type { Answer, Backend, Delivery } from './backend.ts';
import { backendTlsOptions, certificateProblem } from './backend-tls.ts';
import { failureOf, outcomeOf, retryAfterMs } from './outcome.ts';

/** POSTs events to a URL. */
export class HttpBackend implements Backend {
  readonly #settings: HttpBackendSettings;
  readonly #pool: Pool;
  readonly #path: string;
  readonly #authorization: string | undefined;
  readonly #keys: readonly SignatureKey[];

  /** @param secrets What events are signed with; several while one takes over from the other. */
  constructor(settings: HttpBackendSettings, secrets: readonly string[] = []) {
    this.#settings = settings;
    this.#keys = secrets.map(readSecret);
    const url = new URL(settings.url);
    this.#path = `${url.pathname}${url.search}`;
    this.#authorization = basicAuthorization(url);
    this.#pool = new Pool(url.origin, {
      // As many again may have stepped aside; and the requests wait before they come here, never here.
      connections: 2 * settings.maxRequests,
      headersTimeout: settings.timeoutMs,
      bodyTimeout: settings.timeoutMs,
      maxResponseSize: settings.maxAnswerBytes,
      // The bounds above hold for HTTP/1.1, and a backend may prefer HTTP/2.
      allowH2: false,
      connect: backendTlsOptions(settings),
    });
  }

  async deliver(delivery: Delivery, signal: AbortSignal): Promise<Answer> {
    // The pool's own timeouts start anew with each byte: one total bound ends an answer that drips.
    // A timer that is cleared, since `AbortSignal.timeout` would stay until it fires, one for each event.
    const request = new AbortController();
    const abort = (): void => request.abort();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      abort();
    }, this.#settings.timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await this.#post(delivery, request.signal);
    } catch (error) {
      const problem = certificateProblem(error);
      if (problem !== undefined) return { outcome: 'retry', failure: 'unreachable', reason: problem };
      if (!isLate) return { outcome: 'retry', failure: failureOf(error), reason: reasonOf(error) };
      const reason = `no answer within ${this.#settings.timeoutMs} ms`;
      return { outcome: 'retry', failure: 'no-answer', reason };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #post(delivery: Delivery, signal: AbortSignal): Promise<Answer> {
    const body = notificationBody(this.#settings.encoding, delivery.messageJson, delivery.connectionJson);
    const response = await this.#pool.request({
      method: 'POST',
      path: this.#path,
      headers: this.#headers(delivery, body),
      body: body.text,
      signal,
    });
    const outcome = outcomeOf(response.statusCode);
    if (outcome === 'delivered') return await this.#answer(response.body);
    // Read to its end, within bounds, so that the connection to the backend can be used again.
    await response.body.dump({ limit: 64 * 1_024 });
    const status = response.statusCode;
    const reason = `status ${status}`;
    if (outcome === 'dead-letter') return { outcome, reason, status };
    const header = response.headers['retry-after'];
    return {
      outcome,
      failure: 'status',
      reason,
      status,
      retryAfterMs: retryAfterMs(Array.isArray(header) ? header[0] : header, Date.now()),
    };
  }

  #headers(delivery: Delivery, body: Body): Record<string, string> {
    const timestampSeconds = Math.floor(Date.now() / 1_000);
    const headers: Record<string, string> = {
      'content-type': body.contentType,
      accept: 'application/json',
      'webhook-id': delivery.id,
      'webhook-timestamp': String(timestampSeconds),
      'wsbroker-attempt': String(delivery.attempt),
      traceparent: delivery.traceparent,
    };
    if (this.#keys.length > 0) {
      headers['webhook-signature'] = sign(this.#keys, { id: delivery.id, timestampSeconds, body: body.text });
    }
    if (delivery.request !== undefined) headers['wsbroker-request'] = String(delivery.request);
    if (delivery.reason !== undefined) headers['wsbroker-reason'] = delivery.reason;
    if (this.#authorization !== undefined) headers['authorization'] = this.#authorization;
    return headers;
  }

  async #answer(body: { text(): Promise<string> }): Promise<Answer> {
    let text;
    try {
      text = await body.text();
    } catch (error) {
      if (!(error instanceof errors.ResponseExceededMaxSizeError)) throw error;
      // The backend has processed the event: to send it again would only repeat it.
      return delivered(`its answer is larger than ${this.#settings.maxAnswerBytes} bytes`);
    }
    if (text.trim() === '') return { outcome: 'delivered', answer: [] };
    const json = parseJson(text, 'its answer');
    return json.ok ? { outcome: 'delivered', answer: json.value } : delivered(json.error.message);
  }
}

const delivered = (problem: string): Answer => ({ outcome: 'delivered', answer: undefined, problem });

const basicAuthorization = ({ username, password }: URL): string | undefined => {
  if (username === '' && password === '') return undefined;
  return `Basic ${Buffer.from(`${percentDecoded(username)}:${percentDecoded(password)}`).toString('base64')}`;
};

/** A URL takes a `%` that begins no percent-encoding; so does this. */
const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
