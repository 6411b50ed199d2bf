import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { History } from '@wsbroker/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { addRecord, attemptsIn, openIn, readRecord } from './record.ts';

const lines = [
  'k-1\t1\tk\tsession-connect\t\t',
  'k-2\t1\tk\tclient-join\tada\t',
  'k-3\t1\tk\tclient-say\tada\t1',
  'k-3\t4\tk\tclient-say\tada\t1',
  'k-4\t1\tk\tclient-s',
];

test('reads what was written to the end, and counts events, attempts and open connections', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wsbroker-record-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'record.tsv');
  writeFileSync(file, lines.join('\n'));

  const posts = readRecord(file);
  expect(posts).toHaveLength(4);
  expect(attemptsIn(posts)).toEqual({ events: 3, attempts: 6 });
  expect(openIn(posts)).toBe(1);
  const history = new History();
  addRecord(history, posts);
  expect(history.connectionEvents).toEqual([{ id: 'k-1', type: 'session-connect', connection: 'k' }]);
  const arrival = { id: 'k-3', client: 'ada', n: 1, connection: 'k' };
  expect(history.arrivals).toEqual([arrival, arrival]);
});
