import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { ChildMessage } from '../child-message.ts';
import type { ProcessStatus } from '../control-status.ts';
import { KeptProcess } from './kept-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'wsbroker-demo-'));
afterAll(() => rmSync(folder, { recursive: true }));
const program = (name: string, source: string): string => {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, source);
  return file;
};

const listening = program(
  'listening',
  `process.send({ type: 'listening' });
   process.on('disconnect', () => process.exit(0));
   process.on('SIGTERM', () => process.exit(0));`,
);
const deaf = program(
  'deaf',
  `process.on('SIGTERM', () => {});
   process.on('disconnect', () => process.exit(0));
   process.send({ type: 'listening' });`,
);
const failing = program('failing', 'process.exit(3);');
const ending = program(
  'ending',
  `if (process.env.FLAVOUR !== '1') process.exit(3);
   process.send({ type: 'listening' }, () => process.exit(3));`,
);
const confessing = program(
  'confessing',
  `process.send({ type: 'failed', text: 'The port is taken.', code: 'EADDRINUSE' }, () => process.exit(1));`,
);
const telling = program(
  'telling',
  `process.send({ type: 'listening', port: Number(process.env.FLAVOUR) });
   process.on('disconnect', () => process.exit(0));`,
);

const backendOf = (file: string, crashPauseMs = 20) => {
  const told: string[] = [];
  const messages: ChildMessage[] = [];
  let starts = 0;
  const backend = new KeptProcess({
    name: 'Backend',
    file,
    environment: () => ({ FLAVOUR: String((starts += 1)) }),
    tell: (line) => told.push(line),
    onMessage: (message) => messages.push(message),
    crashPauseMs,
  });
  const waiting = new Set<() => void>();
  backend.onChange = () => {
    for (const look of waiting) look();
  };
  /** Resolves with the first status, from now on, that is meant. */
  const until = (isMeant: (status: ProcessStatus) => boolean): Promise<ProcessStatus> =>
    new Promise((resolve) => {
      const look = (): void => {
        const { status } = backend;
        if (!isMeant(status)) return;
        waiting.delete(look);
        resolve(status);
      };
      waiting.add(look);
      look();
    });
  return { backend, told, messages, until, [Symbol.asyncDispose]: () => backend.close() };
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('is up once it listens, and gone once closed', async () => {
  await using started = backendOf(listening);
  await started.backend.start();
  const { pid, ...status } = started.backend.status;
  expect(status).toEqual({ state: 'up', restarts: 0, returnsInMs: null });
  await started.backend.close();
  expect(isRunning(pid!)).toBe(false);
  expect(started.backend.status.state).toBe('stopped');
});

test('a restart is another process', async () => {
  await using started = backendOf(listening);
  await started.backend.start();
  const { pid } = started.backend.status;
  started.backend.restart();
  const status = await started.until((now) => now.state === 'up' && now.pid !== pid);
  expect(status.restarts).toBe(1);
  expect(isRunning(pid!)).toBe(false);
});

test('one that was killed by somebody else comes back', async () => {
  await using started = backendOf(listening);
  await started.backend.start();
  const { pid } = started.backend.status;
  process.kill(pid!, 'SIGKILL');
  await started.until((now) => now.state === 'up' && now.pid !== pid);
  expect(started.told[0]).toContain(`pid ${pid} (SIGKILL)`);
});

test('a stop says when it is over, and a restart ends it', async () => {
  await using started = backendOf(listening);
  await started.backend.start();
  started.backend.stopFor(60_000);
  const status = await started.until((now) => now.state === 'stopped' && now.returnsInMs !== null);
  expect(status.returnsInMs).toBeGreaterThan(50_000);
  expect(status.pid).toBeNull();
  started.backend.restart();
  expect((await started.until((now) => now.state === 'up')).returnsInMs).toBeNull();
});

test('a stop ends by itself', async () => {
  await using started = backendOf(listening);
  await started.backend.start();
  started.backend.stopFor(30);
  await started.until((now) => now.state === 'stopped');
  await started.until((now) => now.state === 'up');
});

test('one that cannot start fails the start, which is all that is said', async () => {
  await using started = backendOf(failing);
  await expect(started.backend.start()).rejects.toThrow('ended with code 3');
  expect(started.told).toEqual([]);
});

test('one that ends again and again is tried ever more rarely', async () => {
  await using started = backendOf(ending);
  await started.backend.start();
  await started.until((now) => now.restarts === 3);
  const pauses = started.told.map((line) => Number(/back in ([\d.]+) s/.exec(line)?.[1]));
  expect(pauses.slice(0, 3)).toEqual([0.02, 0.04, 0.08]);
});

test('one that says why it cannot start fails the start with its own words', async () => {
  await using started = backendOf(confessing);
  await expect(started.backend.start()).rejects.toMatchObject({
    name: 'ProcessStartError',
    message: 'The port is taken.',
    code: 'EADDRINUSE',
  });
});

test('what it says is passed on, and its environment is asked for at each start', async () => {
  await using started = backendOf(telling);
  await started.backend.start();
  started.backend.restart();
  await started.until(({ state, restarts }) => state === 'up' && restarts === 1);
  expect(started.messages).toEqual([
    { type: 'listening', port: 1 },
    { type: 'listening', port: 2 },
  ]);
});

test('one that does not listen to SIGTERM is closed all the same', async () => {
  const started = backendOf(deaf);
  await started.backend.start();
  const { pid } = started.backend.status;
  await started.backend.close();
  expect(isRunning(pid!)).toBe(false);
});

test('nothing starts again once closed', async () => {
  const started = backendOf(listening);
  await started.backend.start();
  await started.backend.close();
  started.backend.restart();
  started.backend.stopFor(0);
  expect(started.backend.status).toMatchObject({ state: 'stopped', returnsInMs: null });
});
