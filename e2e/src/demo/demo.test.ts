import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { dataFolder, demoEntry, isRunning, startDemo } from './demo-process.ts';

/** Runs the demo until it ends by itself. */
const runDemo = (environment: Record<string, string>) =>
  spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', demoEntry], {
    encoding: 'utf8',
    env: { ...process.env, HOST: '', PORT: '0', BROKER_PORT: '0', ...environment },
    timeout: 60_000,
  });

const takenPort = async (): Promise<AsyncDisposable & { readonly port: number }> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
};

const gone = async (pid: number): Promise<void> => {
  while (isRunning(pid)) await delay(20);
};

test.each(['PORT', 'BROKER_PORT'])(
  'a taken %s is said in one line that names the variable',
  async (variable) => {
    using data = dataFolder();
    await using taken = await takenPort();
    const { status, stderr, stdout } = runDemo({ DEMO_DATA: data.file, [variable]: String(taken.port) });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`Port ${taken.port} is taken`);
    expect(stderr).toContain(` ${variable}=${taken.port + 1} npm start`);
  },
);

test('a port that is none is said in one line', () => {
  const { status, stderr } = runDemo({ PORT: 'http' });
  expect(status).toBe(1);
  expect(stderr.trim()).toBe('PORT is "http": expected a port from 1 to 65535, or 0 for a free one.');
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the whole tree', async (signal) => {
  using data = dataFolder();
  await using demo = await startDemo({ DEMO_DATA: data.file });
  const pids = [await demo.pid('backend'), await demo.pid('broker')];
  // To the whole group, as a terminal does it on Ctrl-C.
  demo.process.kill(signal);
  expect(await demo.process.exited).toEqual({ code: 0, signal: null });
  expect(pids.filter(isRunning)).toEqual([]);
});

test('SIGTERM to the parent alone ends both, also while they are stopped', async () => {
  using data = dataFolder();
  await using demo = await startDemo({ DEMO_DATA: data.file });
  await demo.order('stop-backend');
  await demo.order('stop-broker');
  process.kill(demo.process.pid!, 'SIGTERM');
  expect(await demo.process.exited).toEqual({ code: 0, signal: null });
  const again = [...demo.process.output.matchAll(/up again, pid (\d+)/g)].map(([, pid]) => Number(pid));
  expect(again.filter(isRunning)).toEqual([]);
});

test('a parent that is killed takes both with it', async () => {
  using data = dataFolder();
  await using demo = await startDemo({ DEMO_DATA: data.file });
  const pids = [await demo.pid('backend'), await demo.pid('broker')];
  process.kill(demo.process.pid!, 'SIGKILL');
  await demo.process.exited;
  await Promise.all(pids.map(gone));
});

test.each(['backend', 'broker'] as const)(
  'a %s that was killed is replaced, where it was, and the terminal says so',
  async (name) => {
    using data = dataFolder();
    await using demo = await startDemo({ DEMO_DATA: data.file });
    const pid = await demo.pid(name);
    await demo.kill(name);
    await demo.process.outputMatching(
      new RegExp(`${name} +gone, pid ${pid} \\(SIGKILL\\): back in 1 s`, 'i'),
    );
    const [, again] = await demo.process.outputMatching(/up again, pid (\d+)/);
    expect(await demo.pid(name)).toBe(Number(again));
    expect(await demo.connectionKeys()).toEqual([]);
  },
);
