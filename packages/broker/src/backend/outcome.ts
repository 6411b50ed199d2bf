import type { Answer, Failure } from './backend.ts';

/** What a status of the backend means for the event that was POSTed. */
export const outcomeOf = (status: number): Answer['outcome'] => {
  if (status >= 200 && status < 300) return 'delivered';
  if (status === 408 || status === 425 || status === 429 || status >= 500) return 'retry';
  if ((status >= 300 && status < 400) || status === 401 || status === 403 || status === 404) {
    return 'retry-briefly';
  }
  return 'dead-letter';
};

/** The header `retry-after` in milliseconds: seconds, or an HTTP date (RFC 9110, section 10.2.3). */
export const retryAfterMs = (header: string | undefined, nowMs: number): number | undefined => {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
};

/** What went wrong before a request was sent (errno of Node's, and undici's own). */
const unreachableCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENOENT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const noAnswerCodes: ReadonlySet<unknown> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** How a request failed that got no status, by the error. */
export const failureOf = (error: unknown): Failure => {
  const { code, syscall, name } = (error ?? {}) as { code?: unknown; syscall?: unknown; name?: unknown };
  // A time-out of the system's may be one of a connection that was there, as well.
  if (unreachableCodes.has(code) || syscall === 'connect' || syscall === 'getaddrinfo') return 'unreachable';
  if (noAnswerCodes.has(code)) return 'no-answer';
  // What is no HTTP was answered all the same.
  return name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW' ? 'status' : 'cut';
};
