import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { cpuTimeUs, hasProc, residentBytes, treeOf } from './cpu-time.ts';

test.skipIf(!hasProc)('a process that works costs about what it says itself', () => {
  const before = cpuTimeUs([process.pid]) ?? 0;
  const own = process.cpuUsage();
  while (process.cpuUsage(own).user < 200_000);
  const { user, system } = process.cpuUsage(own);
  const cost = (cpuTimeUs([process.pid]) ?? 0) - before;
  // Counts of the two are not read in the same moment; and the rougher one has hundredths of a second.
  expect(cost / (user + system)).toBeGreaterThan(0.8);
  expect(cost / (user + system)).toBeLessThan(1.25);
});

test.skipIf(!hasProc)('a process that a process has started belongs to its tree', async () => {
  const script = `const c = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    c.on('spawn', () => console.log(c.pid)); process.on('exit', () => c.kill()); process.stdin.on('end', () => process.exit()).resume();`;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const tree = treeOf(parent.pid ?? 0);
  expect(tree).toEqual([parent.pid, Number(line.toString())]);
  expect(residentBytes(tree)).toBeGreaterThan(residentBytes(tree.slice(0, 1)));
  parent.stdin.end();
  await once(parent, 'exit');
});

test('a process that is gone costs nothing', () => {
  expect(cpuTimeUs([2 ** 30]) ?? 0).toBe(0);
});
