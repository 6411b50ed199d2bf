/** The same script of calls, run against `wsbroker@1.0.15` and against this broker, has to look the same. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerSteps } from './answer-steps.ts';
import { applicationSteps } from './application-steps.ts';
import { connectSteps } from './connect-steps.ts';
import { differences } from './differences.ts';
import { messageSteps } from './message-steps.ts';
import { postSteps } from './post-steps.ts';
import { Script } from './script.ts';
import type { Trace } from './stage.ts';

const allSteps = [...connectSteps, ...messageSteps, ...answerSteps, ...postSteps, ...applicationSteps];

const headingOf = (step: string): string | undefined =>
  Object.keys(differences).find((heading) => differences[heading]?.includes(step));

/** The places where two traces differ, with what each has there. */
const differing = (seed: Trace, ours: Trace): { seed: Trace; ours: Trace } => {
  const places = [...new Set([...Object.keys(seed), ...Object.keys(ours)])].filter(
    (place) => !isDeepStrictEqual(seed[place], ours[place]),
  );
  const only = (trace: Trace): Trace =>
    Object.fromEntries(places.map((place) => [place, trace[place] ?? []]));
  return { seed: only(seed), ours: only(ours) };
};

const same = allSteps.filter(({ name }) => headingOf(name) === undefined);
const different = allSteps.filter(({ name }) => headingOf(name) !== undefined);

let seed: Script;
let ours: Script;

beforeAll(async () => {
  seed = await Script.begin('seed');
  ours = await Script.begin('ours');
});
afterAll(async () => {
  await seed[Symbol.asyncDispose]();
  await ours[Symbol.asyncDispose]();
});

test.each(same.map((step) => [step.name, step] as const))('%s: as the seed', async (_name, step) => {
  const [theirs, own] = await Promise.all([seed.run(step), ours.run(step)]);
  expect(own).toEqual(theirs);
  // A step in which nothing is seen would always be the same.
  expect(Object.keys(theirs).length).toBeGreaterThan(0);
});

test.each(different.map((step) => [step.name, step] as const))(
  '%s: differs as declared',
  async (_name, step) => {
    const [theirs, own] = await Promise.all([seed.run(step), ours.run(step)]);
    const difference = differing(theirs, own);
    expect(difference.ours, `no longer differs: take it out of "${headingOf(step.name)}"`).not.toEqual({});
    expect(difference).toMatchSnapshot();
  },
);

test('every declared difference has its entry in docs/decisions, and every entry is declared', () => {
  const page = readFileSync(
    new URL('../../../docs/decisions/0002-differences-from-the-seed.md', import.meta.url),
    'utf8',
  );
  const headings = [...page.matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading.replaceAll('`', ''));
  expect(new Set(headings)).toEqual(new Set(Object.keys(differences)));
  expect(headings).toHaveLength(Object.keys(differences).length);
});

test('every declared difference names steps of the script, each once', () => {
  const names = allSteps.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const declared = Object.values(differences).flat();
  expect(new Set(declared).size).toBe(declared.length);
  for (const name of declared) expect(names).toContain(name);
});
