import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { watchForLeaks } from './leak-check.ts';
import { spawnProcess } from './spawned-process.ts';

test('is content when everything was closed, even if only a moment later', async () => {
  const leaks = watchForLeaks();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  const timer = setInterval(() => undefined, 1_000_000);
  setTimeout(() => undefined, 5);
  setTimeout(() => {
    server.close();
    clearInterval(timer);
  }, 50);
  await leaks.assertNone();
});

test('names a server and a socket that were left', async () => {
  const leaks = watchForLeaks();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  await expect(leaks.assertNone(1)).rejects.toThrow(
    new RegExp(`server on .*"port":${port}[^]*socket 127\\.0\\.0\\.1:\\d+ to 127\\.0\\.0\\.1:${port}`),
  );
  socket.destroy();
  server.close();
});

test.for([
  ['interval', () => setInterval(() => undefined, 1_000_000)],
  ['timeout', () => setTimeout(() => undefined, 1_000_000)],
  ['unrefed interval', () => setInterval(() => undefined, 1_000_000).unref()],
] as const)('names the maker of a forgotten %s', async ([, start]) => {
  const leaks = watchForLeaks();
  const timer = start();
  await expect(leaks.assertNone(1)).rejects.toThrow(/timer made at .*leak-check\.socket\.test\.ts/);
  clearTimeout(timer);
});

test('an AbortSignal.timeout is no leak', async () => {
  const leaks = watchForLeaks();
  const signal = AbortSignal.timeout(1_000_000);
  await leaks.assertNone(1);
  expect(signal.aborted).toBe(false);
});

test('names a process that was left', async () => {
  const leaks = watchForLeaks();
  await using child = await spawnProcess('sleep', ['60']);
  await expect(leaks.assertNone(1)).rejects.toThrow('ChildProcess');
  expect(child.isRunning).toBe(true);
});

test('what was open before is not a leak', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const timer = setInterval(() => undefined, 1_000_000);
  await watchForLeaks().assertNone(1);
  clearInterval(timer);
  server.close();
});
