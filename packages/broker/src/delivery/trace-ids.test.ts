import { expect, test } from 'vitest';
import { TraceIds, traceparentOf } from './trace-ids.ts';

test('ids are hexadecimal, of their length, never all zero, and all different', () => {
  const ids = new TraceIds();
  const seen = new Set<string>();
  for (let n = 0; n < 2_000; n += 1) {
    const trace = ids.next(16);
    const parent = ids.next(8);
    expect(trace).toMatch(/^[\da-f]{32}$/);
    expect(parent).toMatch(/^[\da-f]{16}$/);
    expect(trace).not.toMatch(/^0+$/);
    expect(parent).not.toMatch(/^0+$/);
    seen.add(trace).add(parent);
  }
  expect(seen.size).toBe(4_000);
});

test('traceparent is that of W3C trace context, version 00', () => {
  expect(traceparentOf('a'.repeat(32), 'b'.repeat(16))).toBe(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`);
});
