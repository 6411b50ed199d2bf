import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { HostList } from './host-list.ts';

const listOf = (...entries: string[]): HostList => new HostList(entries, 'commandHosts');

test.each([
  [
    'localhost',
    ['localhost', 'Localhost', 'localhost:1', 'LOCALHOST:65535'],
    ['localhost.', 'x.localhost', ''],
  ],
  ['LOCALHOST', ['localhost'], ['local']],
  ['broker:31002', ['broker:31002', 'BROKER:31002'], ['broker', 'broker:31003', 'broker:031002']],
  ['127.0.0.1', ['127.0.0.1', '127.0.0.1:80'], ['127.0.0.2', '127.1', '2130706433', '0x7f.1']],
  ['::1', ['[::1]', '[::1]:80', '[0:0:0:0:0:0:0:1]'], ['[::2]', '[::1', '::1:80']],
  ['[::1]:80', ['[::1]:80'], ['[::1]', '[::1]:81']],
  ['[2001:DB8::1]', ['[2001:db8::1]:80', '[2001:0db8:0::1]'], ['[2001:db8::2]']],
])('%s holds these and not those', (entry, inside, outside) => {
  const list = listOf('other.example', entry);
  for (const host of inside) expect([host, list.has([host])]).toEqual([host, true]);
  for (const host of outside) expect([host, list.has([host])]).toEqual([host, false]);
});

test('there must be exactly one', () => {
  const list = listOf('localhost');
  expect(list.has(undefined)).toBe(false);
  expect(list.has([])).toBe(false);
  expect(list.has(['localhost', 'localhost'])).toBe(false);
});

test('without entries holds nobody', () => {
  expect(listOf().has(['localhost'])).toBe(false);
});

test.each([
  '',
  ' ',
  'http://localhost',
  'localhost/',
  'a b',
  'localhost:',
  'localhost:port',
  '[::1',
  '::g',
  'a@b',
  '*/',
])('%j is a bad option that says what is expected', (entry) => {
  expect(() => listOf(entry)).toThrow(
    expect.objectContaining({
      code: 'bad-option',
      message: expect.stringContaining(`\`commandHosts\` has ${JSON.stringify(entry)}, which is no host`),
    }),
  );
});

test('has never throws, and holds nothing but what is its name without case and port', () => {
  const list = listOf('localhost');
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.domain(), fc.ipV6(), fc.webAuthority()), (host) => {
      const isIn = list.has([host]);
      expect(isIn).toBe(/^localhost(:\d{1,5})?$/i.test(host));
    }),
    { numRuns: 500 },
  );
});
