import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { expect, test } from 'vitest';

import { SignalGate } from './process.mjs';

/** What runs in the foreground: tells each SIGINT, and ends on SIGTERM with a code of its own. */
const child = `
  process.on('SIGINT', () => console.log('interrupted'));
  process.on('SIGTERM', () => { console.log('terminated'); process.exitCode = 7; clearInterval(timer); });
  const timer = setInterval(() => {}, 1000);
  console.log('ready');
`;

const parent = `
  import { endTogether, inherit } from ${JSON.stringify(new URL('process.mjs', import.meta.url).href)};
  endTogether();
  const surroundings = { cwd: process.cwd(), env: process.env };
  process.exitCode = await inherit(process.execPath, ['-e', ${JSON.stringify(child)}], surroundings);
`;

const args = ['--input-type=module', '-e', parent];
const start = () => spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });

test('passes signals on, and hands the exit code back', async () => {
  const running = start();
  const exited = once(running, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface(running.stdout)) {
    lines.push(line);
    if (line === 'ready') running.kill('SIGINT');
    if (line === 'interrupted') running.kill('SIGTERM');
  }
  expect(await exited).toEqual([7, null]);
  expect(lines).toEqual(['ready', 'interrupted', 'terminated']);
});

test('ends what it runs when the shell that npm started it with has died', async () => {
  const shell = spawn('sh', ['-c', '"$@"; true', 'sh', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, npm_lifecycle_event: 'start' },
  });
  const lines: string[] = [];
  for await (const line of createInterface(shell.stdout)) {
    lines.push(line);
    if (line === 'ready') shell.kill('SIGTERM');
  }
  expect(lines).toEqual(['ready', 'terminated']);
});

test('lets a signal through once at a time, and again later', () => {
  const gate = new SignalGate();
  expect(gate.passes('SIGINT', 1000)).toBe(true);
  expect(gate.passes('SIGINT', 1001)).toBe(false);
  expect(gate.passes('SIGTERM', 1001)).toBe(true);
  expect(gate.passes('SIGINT', 2000)).toBe(true);
});
