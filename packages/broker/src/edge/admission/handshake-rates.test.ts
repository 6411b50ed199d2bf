import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HandshakeRates } from './handshake-rates.ts';

const make = (
  options: { inAll?: [number, number]; perAddress?: [number, number]; maxAddresses?: number } = {},
) => {
  const [inAllPerSecond, inAllBurst] = options.inAll ?? [1_000, 5_000];
  const [perSecond, burst] = options.perAddress ?? [20, 200];
  const time = { nowMs: 1_000 };
  const rates = new HandshakeRates({
    inAll: { perSecond: inAllPerSecond, burst: inAllBurst },
    perAddress: { perSecond, burst },
    nowMs: () => time.nowMs,
    maxAddresses: options.maxAddresses,
  });
  /** How many of so many are taken. */
  const taken = (tries: number, key?: string): number => {
    let count = 0;
    for (let n = 0; n < tries; n += 1) if (rates.take(key) === undefined) count += 1;
    return count;
  };
  return { rates, time, taken };
};

test('one address has its own rate, and leaves the others theirs', () => {
  const { rates, time, taken } = make();
  expect(taken(1_000, 'a')).toBe(200);
  expect(rates.take('a')).toEqual({ over: 'address', waitMs: 50 });
  expect(taken(1_000, 'b')).toBe(200);
  time.nowMs += 1_000;
  expect(taken(1_000, 'a')).toBe(20);
});

test('the rate in all holds for everybody, those without an address too', () => {
  const { rates, taken } = make({ inAll: [10, 30] });
  expect(taken(10, 'a')).toBe(10);
  expect(taken(100)).toBe(20);
  expect(rates.take('b')).toEqual({ over: 'all', waitMs: 100 });
  expect(rates.addresses).toBe(1);
});

test('what is refused counts nowhere: whoever floods takes nothing from others, and is not kept out for longer', () => {
  const { time, taken } = make({ inAll: [100, 100], perAddress: [10, 10] });
  expect(taken(10_000, 'flood')).toBe(10);
  expect(taken(10, 'other')).toBe(10);
  time.nowMs += 100;
  expect(taken(10, 'flood')).toBe(1);
});

test('an address is forgotten once its bucket is full again', () => {
  const { rates, time } = make({ inAll: [1_000_000, 1_000_000] });
  for (let n = 0; n < 1_000; n += 1) rates.take(`a${n}`);
  expect(rates.addresses).toBe(1_000);
  time.nowMs += 50;
  for (let n = 0; n < 100; n += 1) rates.take(`b${n}`);
  expect(rates.addresses).toBeLessThanOrEqual(100);
});

test('no more addresses are remembered than may be, however many come: the quietest are forgotten first', () => {
  const maxAddresses = 2_000;
  const { rates, taken } = make({ inAll: [1_000_000, 1_000_000], perAddress: [1, 2], maxAddresses });
  expect(taken(3, 'busy')).toBe(2);
  let most = 0;
  for (let n = 0; n < 20_000; n += 1) {
    rates.take(`a${n}`);
    most = Math.max(most, rates.addresses);
  }
  expect(most).toBe(maxAddresses);
  // The newest are still known, the oldest are as if they had never been here.
  expect(taken(3, 'a19999')).toBe(1);
  expect(taken(3, 'busy')).toBe(2);
});

test('forgetting never lets anybody in beyond a rate, nor keeps anybody out', () => {
  const visits = fc.array(fc.tuple(fc.nat({ max: 400 }), fc.constantFrom('a', 'b', 'c', 'd')), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(visits, (list) => {
      // One that forgets at the first opportunity, against one bucket each that is kept for ever.
      const { rates, time } = make({ inAll: [5, 12], perAddress: [3, 4], maxAddresses: 1_000 });
      const kept = new Map(
        ['a', 'b', 'c', 'd', 'all'].map((key) => [key, { tokens: key === 'all' ? 12 : 4, atMs: 1_000 }]),
      );
      const refill = (key: string, perSecond: number, burst: number) => {
        const bucket = kept.get(key) ?? { tokens: 0, atMs: 0 };
        bucket.tokens = Math.min(burst, bucket.tokens + ((time.nowMs - bucket.atMs) / 1_000) * perSecond);
        bucket.atMs = time.nowMs;
        return bucket;
      };
      for (const [stepMs, key] of list) {
        time.nowMs += stepMs;
        const own = refill(key, 3, 4);
        const all = refill('all', 5, 12);
        const mayCome = own.tokens > 1 - 1e-6 && all.tokens > 1 - 1e-6;
        expect(rates.take(key) === undefined).toBe(mayCome);
        if (!mayCome) continue;
        own.tokens -= 1;
        all.tokens -= 1;
      }
    }),
  );
});
