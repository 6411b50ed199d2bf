import { expect, test } from 'vitest';
import { judgeCommits, type Mark } from './commit-judge.ts';
import { readTrace } from './trace.ts';

const marks: Mark[] = [
  { connection: 'key', n: 1, text: 'mark-1-' },
  { connection: 'key', n: 2, text: 'mark-2-' },
];
const opened = String.raw`9 write(30<socket:[77]>, "\201~[\"opened\",{\"connection\":\"key\",\"token\":\"t\"}]", 60) = 60`;
const written = (n: number): string => `10 pwrite64(21</a/journal.db-wal>, "mark-${n}-", 4096, 32) = 4096`;
const begun = '10 fdatasync(21</a/journal.db-wal> <unfinished ...>';
const ended = '10 <... fdatasync resumed>) = 0';
const acked = (n: number): string =>
  String.raw`9 writev(30<socket:[77]>, [{"\201\t[\"ack\",${n}]"}], 1) = 11`;

const judge = (...lines: string[]) => judgeCommits(readTrace([opened, ...lines, ''].join('\n')), marks);

test('finds nothing where each acknowledgement comes after the commit', () => {
  expect(judge(written(1), written(2), begun, ended, acked(2))).toEqual({ early: 0, never: 0 });
});

test('finds an acknowledgement that is written before the commit has ended', () => {
  const [one, two] = [written(1), written(2)];
  expect(judge(one, begun, ended, acked(1), two, begun, acked(2), ended)).toEqual({ early: 1, never: 0 });
});

test('finds an acknowledgement of what was written after the commit began', () => {
  expect(judge(written(1), begun, written(2), ended, acked(2), begun, ended)).toEqual({ early: 1, never: 0 });
});

test('finds what was never written, committed or acknowledged', () => {
  expect(judge(written(1), acked(2))).toEqual({ early: 0, never: 2 });
});
