import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inRepository } from '../repository.ts';

/** From here on every statement of docs/protocol.md is cited by a test, as `P77`. */
const first = 55;

const statements = [...readFileSync(inRepository('docs/protocol.md'), 'utf8').matchAll(/^- \*\*P(\d+)\*\*/gm)]
  .map(([, number]) => Number(number))
  .filter((number) => number >= first);

/** `P60`, and `P85 to P87`. */
const citedIn = (text: string): number[] =>
  [...text.matchAll(/\bP(\d+)(?: to P(\d+))?\b/g)].flatMap(([, from, to = from]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(from) + at),
  );

const tests = globSync('{packages,apps,e2e,faults,fuzz}/**/*.test.{ts,tsx}', {
  cwd: inRepository(''),
  exclude: (path) => path === 'node_modules' || path === 'dist',
}).filter((path) => !import.meta.filename.endsWith(path));

test('every statement about wsbroker.v1 in docs/protocol.md is cited by a test', () => {
  expect(statements.length).toBeGreaterThan(30);
  const cited = new Set(tests.flatMap((path) => citedIn(readFileSync(inRepository(path), 'utf8'))));
  expect(statements.filter((number) => !cited.has(number))).toEqual([]);
});

test('citations are found, ranges too', () => {
  expect(citedIn("test('P61: it does')\n// P85 to P87, P9x")).toEqual([61, 85, 86, 87]);
});
