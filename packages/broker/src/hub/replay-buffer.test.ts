import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Frames, oneFrame } from './frame.ts';
import { ReplayBuffer } from './replay-buffer.ts';

const frame = (n: number, bytes = 4): Buffer => Buffer.alloc(bytes, n);
const one = (n: number, bytes = 4): Frames => oneFrame(frame(n, bytes));

/** Of several that were written in one go. */
const framesOf = (list: readonly Buffer[]): Frames => {
  let end = 0;
  return { bytes: Buffer.concat(list), ends: list.map(({ length }) => (end += length)) };
};
const bounds = { replayMessages: 3, replayBytes: 1_000 };

test('gives what comes after what the client has', () => {
  const replay = new ReplayBuffer(bounds);
  for (const n of [1, 2, 3]) replay.push(one(n));
  expect(replay.after(1)).toEqual([frame(2), frame(3)]);
  expect(replay.after(3)).toEqual([]);
  expect(replay.sent).toBe(3);
});

test('what was dropped past replayMessages cannot be gone on from', () => {
  const replay = new ReplayBuffer(bounds);
  for (const n of [1, 2, 3, 4]) replay.push(one(n));
  expect(replay.after(0)).toBeUndefined();
  expect(replay.after(1)).toHaveLength(3);
});

test('what was dropped past replayBytes cannot be gone on from, one huge frame included', () => {
  const replay = new ReplayBuffer(bounds);
  replay.push(one(1));
  replay.push(one(2, 2_000));
  expect(replay.after(1)).toBeUndefined();
  expect(replay.after(2)).toEqual([]);
});

test('an acknowledgement makes room, and one of frames that were never sent is refused', () => {
  const replay = new ReplayBuffer(bounds);
  for (const n of [1, 2, 3]) replay.push(one(n));
  expect(replay.acknowledge(2)).toBe(true);
  expect(replay.acknowledge(1)).toBe(true);
  expect(replay.acknowledge(4)).toBe(false);
  for (const n of [4, 5]) replay.push(one(n));
  expect(replay.after(2)).toEqual([frame(3), frame(4), frame(5)]);
  expect(replay.after(9)).toBeUndefined();
});

test('of frames that were written in one go, some can be dropped and the rest gone on from', () => {
  const replay = new ReplayBuffer(bounds);
  replay.push(framesOf([frame(1), frame(2), frame(3), frame(4), frame(5)]));
  expect(replay.sent).toBe(5);
  expect(replay.after(1)).toBeUndefined();
  expect(Buffer.concat(replay.after(2) ?? [])).toEqual(Buffer.concat([frame(3), frame(4), frame(5)]));
  expect(replay.acknowledge(3)).toBe(true);
  expect(replay.after(2)).toBeUndefined();
  expect(replay.after(4)).toEqual([frame(5)]);
  replay.push(framesOf([frame(6), frame(7)]));
  expect(replay.after(4)).toEqual([frame(5), Buffer.concat([frame(6), frame(7)])]);
});

test('counts anew from what it has', () => {
  const replay = new ReplayBuffer(bounds);
  for (const n of [1, 2, 3, 4, 5]) replay.push(one(n));
  expect(replay.restart()).toEqual([frame(3), frame(4), frame(5)]);
  expect(replay.sent).toBe(3);
  expect(replay.after(1)).toEqual([frame(4), frame(5)]);
  expect(replay.after(0)).toHaveLength(3);
});

test('holds at most its bounds and gives exactly the rest or nothing, whatever happens', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('push' as const),
      sizes: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
    }),
    fc.record({ kind: fc.constant('ack' as const), back: fc.nat(8) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(70), (steps, from) => {
      const replay = new ReplayBuffer(bounds);
      const sent: Buffer[] = [];
      let acknowledged = 0;
      for (const [at, what] of steps.entries()) {
        if (what.kind === 'push') {
          const pushed = what.sizes.map((bytes, n) => frame((5 * at + n) % 256, bytes));
          sent.push(...pushed);
          replay.push(framesOf(pushed));
        } else if (replay.acknowledge(Math.max(0, sent.length - what.back))) {
          acknowledged = Math.max(acknowledged, sent.length - what.back);
        }
      }
      const rest = replay.after(from);
      if (rest) expect(Buffer.concat(rest)).toEqual(Buffer.concat(sent.slice(from)));
      const kept = sent.filter((_frame, at) => replay.after(at) !== undefined);
      expect(kept.length).toBeLessThanOrEqual(bounds.replayMessages);
      expect(kept.reduce((bytes, { length }) => bytes + length, 0)).toBeLessThanOrEqual(bounds.replayBytes);
      if (replay.after(acknowledged) === undefined) expect(sent.length - acknowledged).toBeGreaterThan(0);
    }),
  );
});
