import { expect, test } from 'vitest';
import type { Contender, Scenario } from '../scenario.ts';
import { measureRounds, medianIn, rowsOf } from './rounds.ts';

const scenarioOf = (contenders: readonly Contender[]): Scenario => ({
  name: 'made-up',
  title: 'Nothing is done',
  unit: 'delivery',
  contenders,
  shows: ['cpuUs'],
  goals: [],
  fullRounds: 3,
});

test('rounds go through all contenders in turn, and each begins with another', async () => {
  const order: string[] = [];
  const contender = (name: string): Contender => ({
    name,
    measure() {
      order.push(name);
      return Promise.resolve([{ variant: '', figures: { cpuUs: order.length } }]);
    },
  });
  const { rows, rounds } = await measureRounds(scenarioOf([contender('a'), contender('b')]), 'full');
  expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
  expect(rounds).toBe(3);
  expect(rows).toEqual([
    { contender: 'a', variant: '', figures: { cpuUs: { median: 4, min: 1, max: 5 } } },
    { contender: 'b', variant: '', figures: { cpuUs: { median: 3, min: 2, max: 6 } } },
  ]);
});

test('who is missing, too slow or fails is named, and the others are measured', async () => {
  const measure = (): Promise<[]> => Promise.resolve([]);
  const outcome = await measureRounds(
    scenarioOf([
      { name: 'ours', measure: () => Promise.resolve([{ variant: 'all', figures: { cpuUs: 2 } }]) },
      { name: 'gone', missing: () => 'it is not installed', measure },
      { name: 'late', notFor: ['quick'], measure },
      { name: 'ill', measure: () => Promise.reject(new Error('it fell over')) },
    ]),
    'quick',
  );
  expect(outcome.leftOut).toEqual(['gone: it is not installed', 'late: takes too long for a quick run']);
  expect(outcome.failed).toEqual(['ill: it fell over']);
  expect(medianIn(outcome.rows)({ contender: 'ours', variant: 'all' }, 'cpuUs')).toBe(2);
  expect(medianIn(outcome.rows)({ contender: 'ours' }, 'cpuUs')).toBeUndefined();
});

test('variants of a contender are rows of their own', () => {
  const rows = rowsOf([
    { contender: 'a', variant: '1', figures: { cpuUs: 1 } },
    { contender: 'a', variant: '4', figures: { cpuUs: 4 } },
    { contender: 'a', variant: '1', figures: { cpuUs: 3 } },
  ]);
  expect(rows.map(({ variant, figures }) => [variant, figures.cpuUs?.median])).toEqual([
    ['1', 2],
    ['4', 4],
  ]);
});
