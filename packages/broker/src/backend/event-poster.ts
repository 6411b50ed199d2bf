import { contentTypes } from '@wsbroker/protocol';
import { readSecret, sign, type SignatureKey } from '@wsbroker/protocol/signature';
import { reasonOf } from '../ops/reason.ts';
import type { HttpBackendSettings } from '../options.ts';
import type { Failed } from './backend.ts';
import { certificateProblem } from './backend-tls.ts';
import type { AnswerHeaders, Posted } from './http-exchange.ts';
import { HttpPoster } from './http-poster.ts';
import { failureOf, retryAfterMs } from './outcome.ts';

export interface EventPost {
  /** The header `webhook-id`. */
  readonly id: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** POSTs to the backend with what every event has: who asks, when, and the signature. */
export class EventPoster {
  readonly #poster: HttpPoster;
  readonly #keys: readonly SignatureKey[];
  /** Names and values in turn. */
  readonly #constantHeaders: readonly string[];

  constructor(settings: HttpBackendSettings, secrets: readonly string[]) {
    this.#keys = secrets.map(readSecret);
    this.#poster = new HttpPoster(settings);
    const authorization = basicAuthorization(new URL(settings.url));
    this.#constantHeaders = [
      ...['content-type', contentTypes[settings.encoding], 'accept', 'application/json'],
      ...(authorization === undefined ? [] : ['authorization', authorization]),
    ];
  }

  /** Never rejects. */
  post({ id, headers: own, body }: EventPost, signal: AbortSignal): Promise<Posted> {
    const timestampSeconds = Math.floor(Date.now() / 1_000);
    const headers = [...this.#constantHeaders, 'webhook-id', id, 'webhook-timestamp', `${timestampSeconds}`];
    headers.push(...own);
    if (this.#keys.length > 0) {
      headers.push('webhook-signature', sign(this.#keys, { id, timestampSeconds, body }));
    }
    return this.#poster.post({ headers, body }, signal);
  }

  async close(): Promise<void> {
    await this.#poster.close();
  }
}

export type Answered = Extract<Posted, { outcome: 'answered' }>;

/** A POST that was not answered. */
export const notAnswered = (posted: Exclude<Posted, Answered>, timeoutMs: number): Failed => {
  if (posted.outcome === 'late') return { failure: 'no-answer', reason: `no answer within ${timeoutMs} ms` };
  const { error } = posted;
  const problem = certificateProblem(error);
  if (problem !== undefined) return { failure: 'unreachable', reason: problem };
  return { failure: failureOf(error), reason: reasonOf(error) };
};

/** An answer that says not now. */
export const failedWith = ({ status, headers }: Answered): Failed => ({
  failure: 'status',
  reason: `status ${status}`,
  status,
  retryAfterMs: retryAfterMs(headerOf(headers, 'retry-after'), Date.now()),
});

/** Of a header that is there twice, the first. */
export const headerOf = (headers: AnswerHeaders, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'object' ? value[0] : value;
};

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
