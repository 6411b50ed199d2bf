import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressKey } from './address-key.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8:0001:0002:0000:0000:0000:0001', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8::2:3:4:5:6', '2001:db8:0:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['1:2:3:4:5:6:192.0.2.7', '1:2:3:4::/64'],
  ['1::192.0.2.7', '1:0:0:0::/64'],
  ['', ''],
])('%j counts as %j', (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test('two IPv6 addresses count as one just when their first 64 bits are the same', () => {
  const group = fc.nat({ max: 0xffff });
  const groups = fc.tuple(group, group, group, group, group, group, group, group);
  /** As long as can be, or as `URL` writes it: shortened at its longest run of zeros. */
  const written = (parts: readonly number[], isShort: boolean): string => {
    const long = parts.map((part) => part.toString(16).padStart(isShort ? 1 : 4, '0')).join(':');
    return isShort ? new URL(`http://[${long}]/`).hostname.slice(1, -1) : long.toUpperCase();
  };
  fc.assert(
    fc.property(groups, groups, fc.boolean(), fc.boolean(), (one, other, isShort, isSameNetwork) => {
      const second = isSameNetwork ? [...one.slice(0, 4), ...other.slice(4)] : other;
      const same = one.slice(0, 4).join() === second.slice(0, 4).join();
      fc.pre(!(one.slice(0, 5).every((part) => part === 0) && one[5] === 0xffff));
      fc.pre(!(second.slice(0, 5).every((part) => part === 0) && second[5] === 0xffff));
      expect(addressKey(written(one, isShort)) === addressKey(written(second, !isShort))).toBe(same);
    }),
  );
});
