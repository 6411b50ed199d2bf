import type { IncomingMessage } from 'node:http';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOriginAllowed, type OriginPolicy } from './origin.ts';

const isAllowed = (origin: string | undefined, host: string | undefined, policy?: OriginPolicy): boolean =>
  isOriginAllowed({ headers: { origin, host } } as IncomingMessage, policy);

test.each([
  ['http://good.com', 'good.com'],
  ['http://good.com', 'good.com:31002'],
  ['http://good.com:8080', 'good.com:31002'],
  ['https://good.com', 'good.com:31002'],
  ['http://GOOD.com', 'good.COM:31002'],
  ['http://localhost:8080', 'localhost:31002'],
  ['http://127.0.0.1:8080', '127.0.0.1:31002'],
  ['http://[::1]:8080', '[::1]:31002'],
  ['http://[0:0:0:0:0:0:0:1]', '[::1]:31002'],
  ['http://bücher.example', 'xn--bcher-kva.example'],
])('a page of %s may connect to %s', (origin, host) => {
  expect(isAllowed(origin, host)).toBe(true);
});

test.each([
  ['http://evil.com', 'good.com'],
  ['http://good.com.evil', 'good.com'],
  ['http://evilgood.com', 'good.com'],
  ['http://sub.good.com', 'good.com'],
  ['http://good.com', 'sub.good.com'],
  ['http://good.com@evil.com', 'good.com'],
  ['http://evil.com/good.com', 'good.com'],
  ['http://evil.com#good.com', 'good.com'],
  ['http://localhost', '127.0.0.1'],
  ['http://127.0.0.1', '127.0.0.2'],
  ['http://[::1]', '[::2]'],
  ['null', 'good.com'],
  ['', 'good.com'],
  ['good.com', 'good.com'],
  ['//good.com', 'good.com'],
  ['http://', 'good.com'],
  ['http://good.com:99999', 'good.com'],
  ['file://', 'good.com'],
  ['%00', 'good.com'],
  ['http://good.com', ''],
  ['http://good.com', undefined],
  ['http://good.com', 'good.com:port'],
  ['http://good.com', ':80'],
  ['null', 'null:x'],
])('a page of %j may not connect to %j', (origin, host) => {
  expect(isAllowed(origin, host)).toBe(false);
});

test('what sends no origin is no browser, and may connect', () => {
  expect(isAllowed(undefined, 'good.com')).toBe(true);
  expect(isAllowed(undefined, undefined)).toBe(true);
  expect(isAllowed(undefined, 'good.com', [])).toBe(true);
});

test('with a list, only its origins may connect, scheme and port included', () => {
  const policy = ['https://a.example', 'http://b.example:8080'];
  for (const origin of policy) expect(isAllowed(origin, 'broker.example', policy)).toBe(true);
  const foreign = [
    'http://a.example',
    'https://a.example:8443',
    'http://b.example',
    'https://a.example.evil',
    'null',
  ];
  for (const origin of foreign) expect(isAllowed(origin, 'broker.example', policy)).toBe(false);
  // Not even a page of the same host, which is not in the list.
  expect(isAllowed('http://broker.example', 'broker.example', policy)).toBe(false);
});

test('an empty list lets no page in', () => {
  expect(isAllowed('http://good.com', 'good.com', [])).toBe(false);
});

test('a list may be written as people write: upper case, and the port that the scheme has anyway', () => {
  const policy = ['HTTPS://A.example:443', 'http://b.example:80', 'chrome-extension://ABC'];
  expect(isAllowed('https://a.example', 'x', policy)).toBe(true);
  expect(isAllowed('http://b.example', 'x', policy)).toBe(true);
  expect(isAllowed('chrome-extension://abc', 'x', policy)).toBe(true);
  expect(isAllowed('http://a.example', 'x', policy)).toBe(false);
});

test('`null` is let in where it is listed', () => {
  expect(isAllowed('null', 'x', ['null'])).toBe(true);
});

test.each<OriginPolicy>(['*', ['*'], ['https://a.example', '*']])(
  'with %j any page may connect',
  (policy) => {
    for (const origin of ['http://evil.com', 'null', '', '%%'])
      expect(isAllowed(origin, 'x', policy)).toBe(true);
  },
);

test('never throws, and lets no page of another host in', () => {
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.domain(),
    fc.domain().map((domain) => `http://${domain}`),
  );
  fc.assert(
    fc.property(text, fc.domain(), (origin, host) => {
      const isIn = isAllowed(origin, host);
      if (isIn) expect(new URL(origin).hostname).toBe(host.toLowerCase());
      expect(typeof isAllowed(origin, origin)).toBe('boolean');
      expect(typeof isAllowed(host, origin, ['https://a.example'])).toBe('boolean');
    }),
    { numRuns: 500 },
  );
});
