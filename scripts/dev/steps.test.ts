import { beforeEach, expect, test, vi } from 'vitest';

import { CommandFailed } from './process.mjs';
import { StepFailed, Steps } from './steps.mjs';

const surroundings = { cwd: import.meta.dirname, env: process.env };
const says = (text: string, code: number): string[] => [
  '-e',
  `console.log(${JSON.stringify(text)}); process.exit(${code})`,
];

let shown = '';

beforeEach(() => {
  shown = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    shown += String(text);
    return true;
  });
});

test('shows a step in one line, with what it says in the end', async () => {
  const steps = new Steps({ verbose: false, quiet: false });
  await steps.try(
    'lint',
    surroundings,
    async (run) => `${(await run('node', says('12 files', 0))).trim()} read`,
  );
  expect(shown).toMatch(/^ {2}✓ lint +\d+\.\d s {2}12 files read\n$/);
  expect(steps).toMatchObject({ passed: 1, failed: 0 });
});

test('shows the output of a step that fails, and goes on', async () => {
  const steps = new Steps({ verbose: false, quiet: false });
  const isFine = await steps.try('lint', surroundings, (run) => run('node', says('one problem', 3)));
  expect(isFine).toBe(false);
  expect(shown).toContain('ended with exit code 3');
  expect(shown).toContain('\none problem\n');
  expect(steps).toMatchObject({ passed: 0, failed: 1 });
});

test('counts a command that is not there as a failed step', async () => {
  const steps = new Steps({ verbose: false, quiet: false });
  await steps.try('lint', surroundings, (run) => run('no-such-command', []));
  expect(shown).toContain('no-such-command: spawn no-such-command ENOENT');
  expect(steps).toMatchObject({ passed: 0, failed: 1 });
});

test('ends where a step that must go well does not', async () => {
  const steps = new Steps({ verbose: false, quiet: false });
  const installed = steps.must('install', surroundings, () =>
    Promise.reject(new CommandFailed('no network', '')),
  );
  await expect(installed).rejects.toThrow(StepFailed);
});

test('does not take a mistake of its own for a failed step', async () => {
  const steps = new Steps({ verbose: false, quiet: false });
  const broken = steps.try('lint', surroundings, () => Promise.reject(new TypeError('a bug')));
  await expect(broken).rejects.toThrow('a bug');
});
