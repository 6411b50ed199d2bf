import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { expect, test } from 'vitest';

/** What runs in the foreground: tells each SIGINT, and ends on SIGTERM with a code of its own. */
const child = `
  process.on('SIGINT', () => console.log('interrupted'));
  process.on('SIGTERM', () => { console.log('terminated'); process.exitCode = 7; clearInterval(timer); });
  const timer = setInterval(() => {}, 1000);
  console.log('ready');
`;

const parent = `
  import { inherit } from ${JSON.stringify(new URL('process.mjs', import.meta.url).href)};
  const surroundings = { cwd: process.cwd(), env: process.env };
  process.exitCode = await inherit(process.execPath, ['-e', ${JSON.stringify(child)}], surroundings);
`;

const start = () =>
  spawn(process.execPath, ['--input-type=module', '-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] });

test('passes a signal on once, however often it comes at a time, and hands the exit code back', async () => {
  const running = start();
  const exited = once(running, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface(running.stdout)) {
    lines.push(line);
    if (line === 'ready') for (let count = 0; count < 3; count += 1) running.kill('SIGINT');
    if (line === 'interrupted') running.kill('SIGTERM');
  }
  expect(await exited).toEqual([7, null]);
  expect(lines).toEqual(['ready', 'interrupted', 'terminated']);
});
