import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { History, type NewLine } from './history.ts';

const line = (id: string, change: Partial<NewLine> = {}): NewLine => ({
  id: `line-${id}`,
  room: 'lobby',
  user: 'ada',
  name: 'Ada',
  text: id,
  atMs: 1,
  ...change,
});

const texts = (lines: readonly { text: string }[]): string[] => lines.map(({ text }) => text);

test('gives the last lines of a room in order, and says whether there are earlier ones', () => {
  using history = new History(':memory:', 3);
  for (const id of ['1', '2', '3', '4']) history.add(line(id));
  history.add(line('5', { room: 'elsewhere' }));
  const page = history.page('lobby');
  expect(texts(page.lines)).toEqual(['2', '3', '4']);
  expect(page.hasEarlier).toBe(true);
  const earlier = history.page('lobby', page.lines[0]!.seq);
  expect(texts(earlier.lines)).toEqual(['1']);
  expect(earlier.hasEarlier).toBe(false);
  expect(history.page('nowhere')).toEqual({ lines: [], hasEarlier: false });
});

test('keeps a line once that is added twice, as it was the first time', () => {
  using history = new History(':memory:');
  const first = history.add(line('1'));
  history.add(line('2'));
  const again = history.add(line('1', { text: 'something else', atMs: 99 }));
  expect(again).toEqual(first);
  expect(texts(history.page('lobby').lines)).toEqual(['1', '2']);
});

test('an id that somebody else has used is free', () => {
  using history = new History(':memory:');
  const ada = history.add(line('1'));
  const mallory = history.add(line('1', { user: 'mallory', text: 'mine' }));
  expect(mallory.seq).toBeGreaterThan(ada.seq);
  expect(history.page('lobby').lines).toEqual([ada, mallory]);
});

test('lists the rooms in which something was said, the liveliest first', () => {
  using history = new History(':memory:');
  history.add(line('1', { room: 'a' }));
  history.add(line('2', { room: 'b' }));
  history.add(line('3', { room: 'a' }));
  expect(history.rooms()).toEqual(['a', 'b']);
});

test('a file outlives whoever wrote it, in a folder that need not exist', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wsbroker-demo-'));
  try {
    const file = join(folder, 'data', 'chat.sqlite');
    {
      using history = new History(file);
      history.add(line('1'));
      // Not closed: as when the process is killed.
      new History(file).add(line('2'));
    }
    using history = new History(file);
    expect(texts(history.page('lobby').lines)).toEqual(['1', '2']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
