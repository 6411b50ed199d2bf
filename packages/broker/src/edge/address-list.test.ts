import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressList, plainAddress } from './address-list.ts';

const listOf = (...entries: string[]): AddressList => new AddressList(entries, 'backend.allow');

test.each<[string, string[], string[]]>([
  [
    '127.0.0.1',
    ['127.0.0.1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1', '::ffff:7f00:1'],
    ['127.0.0.2', '::1', '::ffff:127.0.0.2'],
  ],
  ['::ffff:127.0.0.1', ['127.0.0.1', '::ffff:127.0.0.1'], ['127.0.0.2']],
  ['::1', ['::1', '0:0:0:0:0:0:0:1', '::0001'], ['::2', '127.0.0.1']],
  ['2001:DB8::1', ['2001:db8::1', '2001:0db8:0:0:0:0:0:1'], ['2001:db8::2']],
  ['10.0.0.0/8', ['10.0.0.1', '10.255.255.255', '::ffff:10.1.2.3'], ['11.0.0.0', '9.255.255.255']],
  ['10.1.2.3/32', ['10.1.2.3'], ['10.1.2.4']],
  ['0.0.0.0/0', ['1.2.3.4', '255.255.255.255'], ['::1', '2001:db8::1']],
  ['fe80::/10', ['fe80::1', 'febf::1', 'fe80::1%eth0'], ['fec0::1']],
  ['2001:db8::/32', ['2001:db8:ffff::1'], ['2001:db9::1']],
  ['::ffff:10.0.0.0/104', ['10.1.2.3', '::ffff:10.1.2.3'], ['11.0.0.1']],
  ['0:0:0:0:0:ffff:a00:0/104', ['10.1.2.3', '::ffff:a01:203'], ['11.0.0.1', '::a00:1']],
  ['0:0:0:0:0:0:0:1/128', ['::1'], ['::2']],
  ['::ffff:7f00:1', ['127.0.0.1', '::ffff:7f00:1', '::ffff:127.0.0.1'], ['127.0.0.2', '::7f00:1']],
  ['fe80::/64', ['fe80::1%1', 'fe80::ffff:7f00:1'], ['fe80:0:0:1::1']],
  [' 192.168.1.1 ', ['192.168.1.1'], ['192.168.1.2']],
])(
  '%s (addresses, mapped and hex-mapped ones, ranges) holds these and not those',
  (entry, inside, outside) => {
    const list = listOf(entry);
    for (const address of inside) expect([address, list.has(address)]).toEqual([address, true]);
    for (const address of outside) expect([address, list.has(address)]).toEqual([address, false]);
  },
);

test('holds what any of its entries does', () => {
  const list = listOf('127.0.0.1', '::1', '10.0.0.0/8');
  expect(['127.0.0.1', '::1', '10.9.8.7', '8.8.8.8'].map((address) => list.has(address))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test('without entries holds nobody', () => {
  expect(listOf().has('127.0.0.1')).toBe(false);
});

test.each([undefined, '', 'localhost', '127.0.0.1:80', '127.1', '[::1]', 'x'])(
  '%j is in no list',
  (address) => {
    expect(listOf('0.0.0.0/0', '::/0').has(address)).toBe(false);
  },
);

test.each([
  'localhost',
  '127.0.0.256',
  '127.0.0.1:80',
  '127.0.0.1/33',
  '127.0.0.1/-1',
  '127.0.0.1/',
  '127.0.0.1/x',
  '10.0.0.0/8/8',
  '::1/129',
  '::ffff:10.0.0.0/8',
  '*',
  '/8',
  ' ',
])('%j is a bad option that names option, value and what is expected', (entry) => {
  expect(() => listOf('::1', entry)).toThrow(
    expect.objectContaining({
      code: 'bad-option',
      message: `\`backend.allow\` has ${JSON.stringify(entry)}, which is no address: expected IPv4 (127.0.0.1), IPv6 (::1) or a range (10.0.0.0/8)`,
    }),
  );
});

test('the plain form of a mapped address is the IPv4 address, of others the address in lower case', () => {
  expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(plainAddress('::ffff:a00:1')).toBe('10.0.0.1');
  expect(plainAddress('0:0:0:0:0:FFFF:10.0.0.1')).toBe('10.0.0.1');
  expect(plainAddress('FE80::1')).toBe('fe80::1');
  expect(plainAddress('2001:0db8:0:0::0:1')).toBe('2001:db8::1');
  expect(plainAddress('fe80::1%eth0')).toBe('fe80::1%eth0');
  expect(plainAddress('::ffff:x')).toBe('::ffff:x');
});

test('an IPv4 range holds an address exactly when their leading bits are the same', () => {
  const bytes = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  const numberOf = (parts: readonly number[]): number => parts.reduce((sum, part) => sum * 256 + part, 0);
  fc.assert(
    fc.property(bytes, bytes, fc.integer({ min: 0, max: 32 }), fc.nat(32), (network, far, bits, flipped) => {
      // Near neighbours too, since two addresses at random hardly ever share a range.
      const near = numberOf(network) ^ (flipped === 32 ? 0 : 2 ** flipped);
      const list = listOf(`${network.join('.')}/${bits}`);
      const size = 2 ** (32 - bits);
      for (const other of [numberOf(far), near >>> 0]) {
        const address = [24, 16, 8, 0].map((shift) => (other >>> shift) & 255).join('.');
        const expected = Math.floor(other / size) === Math.floor(numberOf(network) / size);
        expect(list.has(address)).toBe(expected);
        expect(list.has(`::ffff:${address}`)).toBe(expected);
      }
    }),
  );
});

test('has never throws', () => {
  const list = listOf('127.0.0.1', '::/0');
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), (address) => {
      expect(typeof list.has(address)).toBe('boolean');
    }),
  );
});
