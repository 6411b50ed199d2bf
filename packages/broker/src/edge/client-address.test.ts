import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressList, plainAddress } from './address-list.ts';
import { clientAddress } from './client-address.ts';

const loopback = new AddressList(['127.0.0.0/8', '::1'], 'trustedProxies');
const withCdn = new AddressList(['127.0.0.0/8', '::1', '10.0.0.0/8', '2001:db8::/32'], 'trustedProxies');

const addressOf = (
  peer: string | undefined,
  forwardedFor?: string | string[],
  trustedProxies = loopback,
): string =>
  clientAddress(
    {
      socket: { remoteAddress: peer },
      headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
    } as unknown as IncomingMessage,
    trustedProxies,
  );

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:DB8::9', '2001:db8::9'],
  [undefined, ''],
])('without the header the address of the peer %s counts', (peer, expected) => {
  expect(addressOf(peer)).toBe(expected);
});

test('a header from a peer that is no proxy of ours is forged, and does not count', () => {
  expect(addressOf('203.0.113.9', '1.1.1.1')).toBe('203.0.113.9');
  expect(addressOf('203.0.113.9', '127.0.0.1')).toBe('203.0.113.9');
});

test('a proxy of ours tells the client', () => {
  expect(addressOf('127.0.0.1', '203.0.113.9')).toBe('203.0.113.9');
  expect(addressOf('::ffff:127.0.0.1', '203.0.113.9')).toBe('203.0.113.9');
  expect(addressOf('::1', '2001:DB8::9')).toBe('2001:db8::9');
});

test('what stands left of the nearest address that is no proxy of ours may be forged', () => {
  expect(addressOf('127.0.0.1', '1.1.1.1, 203.0.113.9')).toBe('203.0.113.9');
  expect(addressOf('127.0.0.1', '127.0.0.1, 203.0.113.9')).toBe('203.0.113.9');
  expect(addressOf('127.0.0.1', '1.1.1.1, 203.0.113.9, 10.0.0.7', withCdn)).toBe('203.0.113.9');
  expect(addressOf('127.0.0.1', '1.1.1.1, 203.0.113.9, 2001:db8::7, 10.0.0.7', withCdn)).toBe('203.0.113.9');
});

test('one address is one, however a proxy writes it', () => {
  for (const hop of [
    '::ffff:203.0.113.9',
    '::ffff:cb00:7109',
    '0:0:0:0:0:ffff:cb00:7109',
    '[::ffff:cb00:7109]:1',
  ])
    expect(addressOf('127.0.0.1', hop)).toBe('203.0.113.9');
  expect(addressOf('::ffff:7f00:1', '2001:0DB8:0:0:0:0:0:9')).toBe('2001:db8::9');
});

test('several headers are one list', () => {
  expect(addressOf('127.0.0.1', ['1.1.1.1', '203.0.113.9'])).toBe('203.0.113.9');
});

test('when all are proxies of ours, the farthest counts', () => {
  expect(addressOf('127.0.0.1', '10.0.0.1, 10.0.0.2', withCdn)).toBe('10.0.0.1');
});

test.each([
  ['203.0.113.9:5678', '203.0.113.9'],
  ['[2001:db8::9]', '2001:db8::9'],
  ['[2001:db8::9]:443', '2001:db8::9'],
  ['[::ffff:203.0.113.9]:443', '203.0.113.9'],
  ['  203.0.113.9\t', '203.0.113.9'],
])('a hop may have a port and brackets: %s', (hop, expected) => {
  expect(addressOf('127.0.0.1', hop)).toBe(expected);
});

test.each([
  '',
  ' ',
  ',',
  ',,,',
  'unknown',
  '_hidden',
  '203.0.113.9:http',
  '203.0.113',
  '[::1',
  '::1]',
  '[]',
  '1.1.1.1;2.2.2.2',
])('garbage counts as the end of what is known: %j', (garbage) => {
  expect(addressOf('127.0.0.1', garbage)).toBe('127.0.0.1');
  expect(addressOf('127.0.0.1', `1.1.1.1, ${garbage}, 10.0.0.7`, withCdn)).toBe('10.0.0.7');
});

test('a header of thousands of hops is read from its near end alone', () => {
  const far = Array(5_000).fill('10.0.0.1').join(',');
  expect(addressOf('127.0.0.1', `1.1.1.1,${far}`, withCdn)).toBe('10.0.0.1');
});

test('never throws, and gives the peer or an address that is in the header', () => {
  const hop = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.tuple(fc.ipV4(), fc.nat(65_535)).map(([ip, port]) => `${ip}:${port}`),
    fc.ipV6().map((ip) => `[${ip}]:80`),
    fc.constantFrom('127.0.0.1', '::1', '10.0.0.1', '', 'unknown'),
    fc.string(),
  );
  const header = fc.array(hop, { maxLength: 6 }).map((hops) => hops.join(', '));
  const peer = fc.oneof(
    fc.constantFrom('127.0.0.1', '::ffff:127.0.0.1', '10.0.0.1', undefined),
    fc.ipV4(),
    fc.ipV6(),
  );
  fc.assert(
    fc.property(peer, header, (from, forwardedFor) => {
      const address = addressOf(from, forwardedFor, withCdn);
      const ofPeer = addressOf(from);
      if (address === ofPeer) return;
      expect(isIP(address)).not.toBe(0);
      expect(
        forwardedFor.split(/[,\s[\]]+/).map((part) => plainAddress(part.replace(/^([\d.]+):\d+$/, '$1'))),
      ).toContain(address);
      expect(withCdn.has(from)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
