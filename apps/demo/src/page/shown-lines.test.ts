import { expect, test } from 'vitest';
import type { Line } from '../contract.ts';
import { byDay, shownLines } from './shown-lines.ts';

const noon = new Date(2026, 10, 24, 12).getTime();
const minute = 60_000;
const line = (seq: number, user: string, atMs: number): Line => ({
  seq,
  id: `line-${seq}`,
  room: 'lobby',
  user,
  name: user,
  text: String(seq),
  atMs,
});
const view = { me: { user: 'me', name: 'me' }, wish: { name: 'me', room: 'lobby' } };
const days = (lines: Line[]) =>
  byDay(shownLines(lines, [], view)).map(({ groups }) =>
    groups.map(({ lines: inGroup }) => inGroup.map(({ text }) => text).join(' ')),
  );

test('lines of one person in a row stand together, until somebody else speaks or a while has passed', () => {
  expect(
    days([
      line(1, 'ada', noon),
      line(2, 'ada', noon + 4 * minute),
      line(3, 'ada', noon + 8 * minute),
      line(4, 'bob', noon + 8 * minute),
      line(5, 'ada', noon + 8 * minute),
      line(6, 'ada', noon + 20 * minute),
    ]),
  ).toEqual([['1 2 3', '4', '5', '6']]);
});

test('each day begins anew', () => {
  const beforeMidnight = new Date(2026, 10, 24, 23, 59).getTime();
  expect(days([line(1, 'ada', beforeMidnight), line(2, 'ada', beforeMidnight + 2 * minute)])).toEqual([
    ['1'],
    ['2'],
  ]);
});

test("one's own pending lines of this room come last, and keep their key once they are confirmed", () => {
  const pending = [
    { id: 'line-9', room: 'lobby', text: 'new', atMs: noon },
    { id: 'line-8', room: 'coffee', text: 'elsewhere', atMs: noon },
  ];
  const shown = shownLines([line(1, 'ada', noon)], pending, view);
  expect(shown.map(({ text, isMine }) => [text, isMine])).toEqual([
    ['1', false],
    ['new', true],
  ]);
  const confirmed = shownLines([line(9, 'me', noon)], [], view);
  expect(confirmed[0]?.key).toBe(shown[1]?.key);
  expect(confirmed[0]?.pending).toBeUndefined();
});
