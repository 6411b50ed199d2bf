import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FramePool } from './frame-pool.ts';

test('each has its bytes to itself, however many there are and however long they are', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 1_500 }), { maxLength: 60 }), (lengths) => {
      const pool = new FramePool();
      const all = lengths.map((length) => pool.allocate(length));
      for (const [n, bytes] of all.entries()) bytes.fill(n);
      for (const [n, bytes] of all.entries()) {
        expect(bytes).toHaveLength(lengths[n] ?? 0);
        expect(bytes.every((byte) => byte === n)).toBe(true);
      }
    }),
  );
});

test('one that is kept keeps at most 4 KiB, and a long one what it needs', () => {
  const pool = new FramePool();
  for (let n = 0; n < 100; n += 1) expect(pool.allocate(100).buffer.byteLength).toBe(4_096);
  expect(pool.allocate(1_024).buffer.byteLength).toBe(4_096);
  expect(pool.allocate(1_025).buffer.byteLength).toBe(1_025);
});
