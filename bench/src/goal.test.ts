import { expect, test } from 'vitest';
import { type Goal, judge, type MedianOf } from './goal.ts';

const medianOf: MedianOf = ({ contender }, figure) =>
  figure === 'cpuUs' ? { wsbroker: 2, ws: 8 }[contender] : undefined;

const ours = { contender: 'wsbroker' };
const goal = (rest: Partial<Goal>): Goal => ({ of: ours, figure: 'cpuUs', ...rest });

test('a ratio is reached at its bound and missed beyond', () => {
  const over = { contender: 'ws' };
  expect(judge(goal({ over, atMost: 0.25 }), medianOf)).toMatchObject({ value: 0.25, isReached: true });
  expect(judge(goal({ over, atMost: 0.24 }), medianOf)).toMatchObject({ value: 0.25, isReached: false });
  expect(judge(goal({ over, atLeast: 0.25 }), medianOf)).toMatchObject({ isReached: true });
  expect(judge(goal({ over, atLeast: 0.26 }), medianOf)).toMatchObject({ isReached: false });
});

test('without another row the figure itself is held to the bound', () => {
  expect(judge(goal({ atMost: 2 }), medianOf)).toMatchObject({ value: 2, isReached: true });
  expect(judge(goal({ atMost: 1 }), medianOf)).toMatchObject({ value: 2, isReached: false });
});

test('what was not measured is neither reached nor missed', () => {
  const over = { contender: 'nchan' };
  expect(judge(goal({ over, atMost: 1 }), medianOf).isReached).toBeUndefined();
  expect(judge(goal({ figure: 'p99Ms', atMost: 1 }), medianOf).isReached).toBeUndefined();
});
