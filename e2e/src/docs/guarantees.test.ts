import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inRepository } from '../repository.ts';
import { missingTests, promisesOf } from './guarantees.ts';

const read = (path: string): string | undefined =>
  existsSync(inRepository(path)) ? readFileSync(inRepository(path), 'utf8') : undefined;

const page = readFileSync(inRepository('docs/guarantees.md'), 'utf8');

test('every test that the page of guarantees names exists', () => {
  expect(missingTests(page, read)).toEqual([]);
});

test('every promise names a test that shows it', () => {
  const promises = promisesOf(page, 'G');
  expect(promises.length).toBeGreaterThan(20);
  expect(promises.filter(({ tests }) => tests.length === 0)).toEqual([]);
});

test('the promises are numbered without a gap', () => {
  const numbers = promisesOf(page, 'G').map(({ name }) => name);
  expect(numbers).toEqual(numbers.map((_name, at) => `G${at + 1}`));
});

test('a test that does not exist is found', () => {
  const files = new Map([
    ['a/b.test.ts', `test('P61, P62: it holds', () => {}); test("it's so", () => {});`],
  ]);
  const seeded =
    "- **G1** x\n  `a/b.test.ts` → “it holds”, `a/b.test.ts` → “it's so”, `a/b.test.ts` → “it”, `a/c.test.ts` → “it holds”\n- **G2** y\n";
  expect(missingTests(seeded, (path) => files.get(path))).toEqual([
    'a/b.test.ts → it',
    'a/c.test.ts → it holds',
  ]);
  expect(promisesOf(seeded, 'G').map(({ name, tests }) => [name, tests.length])).toEqual([
    ['G1', 4],
    ['G2', 0],
  ]);
});
