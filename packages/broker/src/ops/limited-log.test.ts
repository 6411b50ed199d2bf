import { expect, test } from 'vitest';
import { MemoryLogger } from '@wsbroker/testkit';
import { LimitedLog } from './limited-log.ts';

test('says the first of a kind at once, then one in 10 s with a count of those left out', () => {
  let nowMs = 0;
  const logs = new MemoryLogger();
  const limited = new LimitedLog(logs, () => nowMs);
  for (let n = 1; n <= 5; n += 1) limited.warn('connections', { n }, '! full:');
  nowMs = 9_999;
  limited.warn('connections', { n: 6 }, '! full:');
  nowMs = 10_000;
  limited.warn('connections', { n: 7 }, '! full:');
  nowMs = 20_000;
  limited.warn('connections', { n: 8 }, '! full:');
  expect(logs.entries.map(({ fields }) => fields)).toEqual([{ n: 1 }, { n: 7, more: 5 }, { n: 8 }]);
});

test('one kind does not silence another', () => {
  const logs = new MemoryLogger();
  const limited = new LimitedLog(logs, () => 0);
  limited.warn('connections', {}, '! full:');
  limited.warn('foreign origin', {}, '! refused:');
  expect(logs.messages('warn')).toEqual(['! full:', '! refused:']);
});
