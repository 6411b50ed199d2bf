import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';

const open = new AbortController().signal;

test('waits about as long as it is told to', async () => {
  const beginMs = systemClock.nowMs();
  await systemClock.wait(20, open);
  expect(systemClock.nowMs() - beginMs).toBeGreaterThanOrEqual(19);
});

test('an abort ends the wait, before it or during it', async () => {
  const abort = new AbortController();
  const waited = systemClock.wait(3_600_000, abort.signal);
  abort.abort();
  await waited;
  await systemClock.wait(3_600_000, abort.signal);
});

test('a wait longer than any timer does not end at once', async () => {
  const abort = new AbortController();
  let isOver = false;
  const waited = systemClock.wait(Infinity, abort.signal).then(() => (isOver = true));
  await systemClock.wait(20, open);
  expect(isOver).toBe(false);
  abort.abort();
  await waited;
});
