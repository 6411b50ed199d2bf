import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { QueuedTotal } from './queued-total.ts';

const total = (maxBytes: number) => {
  const rooms: boolean[] = [];
  const queued: QueuedTotal = new QueuedTotal(maxBytes, () => rooms.push(queued.isFull));
  return { queued, rooms };
};

test('is full from its bound on, and has room again at nine tenths of it', () => {
  const { queued, rooms } = total(1_000);
  queued.add(999);
  expect(queued.isFull).toBe(false);
  queued.add(1);
  expect(queued.isFull).toBe(true);
  queued.remove(99);
  expect(queued.isFull).toBe(true);
  expect(rooms).toEqual([]);
  queued.remove(1);
  expect(queued.isFull).toBe(false);
  // Told when it is no longer full, so that who is told may go on.
  expect(rooms).toEqual([false]);
});

test('tells once each time that it was full', () => {
  const { queued, rooms } = total(1_000);
  for (let round = 0; round < 3; round += 1) {
    queued.add(1_000);
    queued.remove(500);
    queued.remove(500);
  }
  expect(rooms).toHaveLength(3);
});

test('tells nothing when it was never full', () => {
  const { queued, rooms } = total(1_000);
  queued.add(950);
  queued.remove(950);
  expect(rooms).toEqual([]);
});

test('is never full below nine tenths, and always from its bound on', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -400, max: 400 })), (steps) => {
      const { queued } = total(1_000);
      let bytes = 0;
      for (const step of steps) {
        const change = Math.max(step, -bytes);
        bytes += change;
        if (change >= 0) queued.add(change);
        else queued.remove(-change);
        if (bytes >= 1_000) expect(queued.isFull).toBe(true);
        if (bytes <= 900) expect(queued.isFull).toBe(false);
      }
    }),
  );
});
