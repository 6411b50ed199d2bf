import type { IncomingMessage } from 'node:http';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOriginAllowed, type OriginPolicy, refusalOfOrigin } from './origin.ts';

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
  // What no browser sends as an origin.
  ['http://good.com/', 'good.com'],
  ['http://good.com/path', 'good.com'],
  ['http://good.com?x', 'good.com'],
  ['http://good.com#x', 'good.com'],
  ['http://user@good.com', 'good.com'],
  ['http:good.com', 'good.com'],
  ['http:\\\\good.com', 'good.com'],
  [' http://good.com', 'good.com'],
  ['http://good.com, http://evil.com', 'good.com'],
  ['http://good.com,http://evil.com', 'good.com'],
  ['http://good.com http://evil.com', 'good.com'],
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

test('`requireOrigin` refuses what sends no origin, and nothing else', () => {
  const refusalOf = (origin: string | undefined, requireOrigin: boolean, origins?: OriginPolicy) =>
    refusalOfOrigin({ headers: { origin, host: 'good.com' } } as IncomingMessage, { origins, requireOrigin })
      ?.refusedFor;
  for (const origins of [undefined, '*', ['http://good.com']] as const) {
    expect(refusalOf(undefined, true, origins)).toBe('missing origin');
    expect(refusalOf(undefined, false, origins)).toBeUndefined();
    expect(refusalOf('http://good.com', true, origins)).toBeUndefined();
  }
  expect(refusalOf('http://evil.com', true)).toBe('foreign origin');
  expect(refusalOf('', true)).toBe('foreign origin');
});

test('whatever the headers are, never throws, and says yes or says why', () => {
  const header = fc.option(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.domain().map((domain) => `https://${domain}`),
      fc.constantFrom('null', '', '://', 'http://[', 'http://[::1', '*', `http://${'a'.repeat(10_000)}`),
    ),
    { nil: undefined },
  );
  const policy = fc.oneof(
    fc.constantFrom<OriginPolicy>(undefined, '*'),
    fc.array(
      fc.webUrl().map((url) => new URL(url).origin),
      { maxLength: 3 },
    ),
  );
  fc.assert(
    fc.property(header, header, policy, fc.boolean(), (origin, host, origins, requireOrigin) => {
      const request = { headers: { origin, host } } as IncomingMessage;
      const refusal = refusalOfOrigin(request, { origins, requireOrigin });
      expect(refusal === undefined || refusal.text.length > 10).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

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
