import { expect, test } from 'vitest';
import { problemsOf } from './listed.ts';

const everybody = new Set(['ada', 'bob']);
const [ada, bob] = [
  { wskey: '1', client: 'ada' },
  { wskey: '2', client: 'bob' },
];
const visitor = { wskey: '3' };

test('a list of everybody once, and of whoever is there for a moment, is right', () => {
  expect(problemsOf([ada, visitor, bob], everybody)).toEqual([]);
});

test('who is missing or there twice is found', () => {
  expect(problemsOf([ada], everybody)).toEqual(['bob is missing']);
  expect(problemsOf([ada, bob, ada], everybody)).toEqual(['ada is there twice']);
  expect(problemsOf([ada, visitor, bob, visitor], everybody)).toEqual(['3 is there twice']);
});
