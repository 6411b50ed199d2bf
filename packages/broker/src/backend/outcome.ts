import type { Answer } from './backend.ts';

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
