import { expect, test } from 'vitest';
import { readTrace } from './trace.ts';

const trace = String.raw`100 pwrite64(21</tmp/a/journal.db-wal>, "row \"mark-1-\"", 4096, 32) = 4096
100 fdatasync(21</tmp/a/journal.db-wal> <unfinished ...>
99 write(30<socket:[77]>, "\201\t[\"ack\",1]", 11) = 11
100 <... fdatasync resumed>) = 0
100 fsync(21</tmp/a/journal.db-wal>) = -1 EIO (Input/output error)
99 --- SIGTERM {si_signo=SIGTERM} ---
`;

test('reads calls, also those that another thread interrupts, and leaves out what failed', () => {
  expect(readTrace(trace)).toMatchObject([
    { name: 'pwrite64', target: '/tmp/a/journal.db-wal', startedAt: 0, endedAt: 0 },
    { name: 'write', target: 'socket:[77]', startedAt: 2, endedAt: 2 },
    { name: 'fdatasync', target: '/tmp/a/journal.db-wal', startedAt: 1, endedAt: 3 },
  ]);
});
