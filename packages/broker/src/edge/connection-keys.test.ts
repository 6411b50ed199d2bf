import { expect, test } from 'vitest';
import { ConnectionKeys } from './connection-keys.ts';

test('keys are 128 bits each, and none comes twice, past what is drawn at once', () => {
  const keys = new ConnectionKeys();
  const all = Array.from({ length: 1_000 }, () => keys.next());
  expect(new Set(all).size).toBe(1_000);
  for (const key of all) expect(Buffer.from(key, 'base64url')).toHaveLength(16);
  // Every bit is now this and now that.
  const bytes = all.map((key) => Buffer.from(key, 'base64url'));
  for (let bit = 0; bit < 128; bit += 1) {
    const ones = bytes.filter((key) => ((key[bit >> 3] ?? 0) >> (bit & 7)) & 1).length;
    expect(ones).toBeGreaterThan(300);
    expect(ones).toBeLessThan(700);
  }
});
