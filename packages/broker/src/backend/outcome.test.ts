import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Answer } from './backend.ts';
import { failureOf, outcomeOf, retryAfterMs } from './outcome.ts';

test.each<[Answer['outcome'], number[]]>([
  ['delivered', [200, 201, 202, 204, 299]],
  ['retry', [408, 425, 429, 500, 502, 503, 504, 599]],
  ['retry-briefly', [300, 301, 302, 304, 307, 308, 401, 403, 404]],
  ['dead-letter', [400, 402, 405, 409, 410, 413, 415, 422, 451, 499]],
])('%s: %j', (outcome, statuses) => {
  for (const status of statuses) expect(outcomeOf(status)).toBe(outcome);
});

const nowMs = Date.parse('2026-11-20T12:00:00Z');

test.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ['0', 0],
  ['120', 120_000],
  ['Fri, 20 Nov 2026 12:00:30 GMT', 30_000],
  ['Fri, 20 Nov 2026 11:00:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
])('retry-after %j is %j ms', (header, expected) => {
  expect(retryAfterMs(header, nowMs)).toBe(expected);
});

test('retry-after is a number that is not negative, or nothing, whatever the backend writes', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.integer().map(String), fc.date({ noInvalidDate: true }).map(String)),
      (header) => {
        const ms = retryAfterMs(header, nowMs);
        expect(ms === undefined || (ms >= 0 && Number.isFinite(ms))).toBe(true);
      },
    ),
  );
});

const coded = (code: string, more: object = {}) => Object.assign(new Error(code), { code, ...more });

test.each([
  ['unreachable', coded('ECONNREFUSED')],
  ['unreachable', coded('ENOTFOUND', { syscall: 'getaddrinfo' })],
  ['unreachable', coded('ETIMEDOUT', { syscall: 'connect' })],
  ['unreachable', coded('UND_ERR_CONNECT_TIMEOUT')],
  ['unreachable', Object.assign(new AggregateError([coded('ECONNREFUSED')]), { code: 'ECONNREFUSED' })],
  ['cut', coded('ECONNRESET')],
  ['cut', coded('ETIMEDOUT', { syscall: 'read' })],
  ['cut', coded('EPIPE')],
  ['cut', coded('UND_ERR_SOCKET')],
  ['cut', new Error('what nobody has thought of')],
  ['cut', null],
  ['no-answer', coded('UND_ERR_HEADERS_TIMEOUT')],
  ['no-answer', coded('UND_ERR_BODY_TIMEOUT')],
  ['status', Object.assign(new Error('Expected HTTP/'), { name: 'HTTPParserError' })],
  ['status', coded('UND_ERR_HEADERS_OVERFLOW')],
] as const)('%s: %s', (failure, error) => {
  expect(failureOf(error)).toBe(failure);
});
