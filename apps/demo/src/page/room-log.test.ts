import { expect, test } from 'vitest';
import type { Line } from '../contract.ts';
import { emptyLog, type RoomLog, withEarlier, withEnd, withLine } from './room-log.ts';

const line = (seq: number): Line => ({
  seq,
  id: `line-${seq}`,
  room: 'lobby',
  user: 'ada',
  name: 'Ada',
  text: String(seq),
  atMs: seq,
});
const log = (from: number, to: number, hasEarlier = false): RoomLog => ({
  lines: Array.from({ length: to - from + 1 }, (_, at) => line(from + at)),
  hasEarlier,
});
const seqs = ({ lines }: RoomLog): number[] => lines.map(({ seq }) => seq);

test('lines stand in their order whatever the order of their arrival, each once', () => {
  const arrived = [2, 1, 4, 3, 3, 1].map(line).reduce(withLine, emptyLog);
  expect(seqs(arrived)).toEqual([1, 2, 3, 4]);
});

test('a log does not grow without bound, and what it gives up can be asked for again', () => {
  const full = withLine(log(1, 2_000), line(2_001));
  expect(full.lines).toHaveLength(2_000);
  expect(full.lines[0]?.seq).toBe(2);
  expect(full.hasEarlier).toBe(true);
});

test('an end that touches what is there goes on from it', () => {
  const merged = withEnd(log(1, 5, true), log(4, 8, true));
  expect(seqs(merged)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(merged.hasEarlier).toBe(true);
  expect(withEnd(log(1, 5), log(4, 8, true)).hasEarlier).toBe(false);
});

test('an end that does not touch what is there takes its place, since the gap could not be seen', () => {
  expect(withEnd(log(1, 5), log(90, 99, true))).toEqual(log(90, 99, true));
  expect(withEnd(log(1, 5), emptyLog)).toEqual(emptyLog);
});

test('earlier lines go before, once', () => {
  const longer = withEarlier(log(11, 12, true), log(9, 10, true));
  expect(longer).toEqual(log(9, 12, true));
  expect(withEarlier(longer, log(9, 10, true))).toBe(longer);
  expect(withEarlier(longer, emptyLog)).toEqual(log(9, 12));
});
