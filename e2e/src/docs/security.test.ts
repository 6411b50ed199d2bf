import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inRepository } from '../repository.ts';
import { missingTests, promisesOf } from './guarantees.ts';
import { brokenReferences } from './references.ts';

const read = (path: string): string | undefined =>
  existsSync(inRepository(path)) ? readFileSync(inRepository(path), 'utf8') : undefined;

const page = readFileSync(inRepository('docs/security.md'), 'utf8');
const attacks = promisesOf(page, 'S');

test('every test and every file that the page of attacks names exists', () => {
  expect(missingTests(page, read)).toEqual([]);
  expect(brokenReferences(page, read)).toEqual([]);
});

test('every attack on the page names a test that shows where it is stopped', () => {
  expect(attacks.length).toBeGreaterThan(20);
  expect(attacks.filter(({ tests }) => tests.length === 0)).toEqual([]);
});

test('the attacks are numbered without a gap', () => {
  expect(attacks.map(({ name }) => name)).toEqual(attacks.map((_attack, at) => `S${at + 1}`));
});
