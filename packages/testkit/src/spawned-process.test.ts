import { expect, test } from 'vitest';
import { postText } from './post-commands.ts';
import { spawnProcess } from './spawned-process.ts';

const node = process.execPath;

test('is ready when the output matches, and collects it', async () => {
  await using spawned = await spawnProcess(
    node,
    ['-e', 'console.log(process.env.WORD); console.error("up"); setInterval(() => {}, 1000)'],
    { env: { WORD: 'hi' }, readyWhen: /up/ },
  );
  expect(spawned.output).toContain('hi\n');
  expect(spawned.isRunning).toBe(true);
});

const listen = `require('http').createServer((q, r) => r.writeHead(404).end()).listen(0, '127.0.0.1', function () {
  console.log('port', this.address().port); })`;

test('is ready when the URL answers', async () => {
  await using spawned = await spawnProcess(node, ['-e', listen]);
  const [, port] = await spawned.outputMatching(/port (\d+)/);
  await spawned.answering(`http://127.0.0.1:${port}/`);
});

test('a process that ends before it is ready throws with its output', async () => {
  const failing = spawnProcess(node, ['-e', 'console.error("port taken"); process.exit(3)'], {
    readyWhen: /up/,
  });
  await expect(failing).rejects.toThrow(/ended with \{"code":3[^]*port taken/);
});

test('a process that does not get ready in time throws and is ended', async () => {
  const slow = spawnProcess(node, ['-e', 'console.log(process.pid); setInterval(() => {}, 1000)'], {
    readyWhen: /never/,
    timeoutMs: 1_000,
  });
  const error = await slow.catch((cause: unknown) => cause as Error);
  expect((error as Error).message).toContain('none within 1000 ms');
  const pid = Number(/\n(\d+)/.exec((error as Error).message)?.[1]);
  expect(isAlive(pid)).toBe(false);
});

test('a program that does not exist throws', async () => {
  await expect(spawnProcess('no-such-program', [], { readyWhen: /x/ })).rejects.toThrow(
    'could not be started',
  );
});

test('stop ends what the process has started too, and tells the exit', async () => {
  const spawned = await spawnProcess('sh', ['-c', '"$0" -e "$1" & wait', node, listen]);
  const [, port] = await spawned.outputMatching(/port (\d+)/);
  const url = `http://127.0.0.1:${port}/`;
  await spawned.answering(url);
  expect(await spawned.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  await expect.poll(() => postText(url, '').catch((error: unknown) => error)).toBeInstanceOf(Error);
});

test('knows that a process has ended though a child of its own keeps its output open', async () => {
  await using spawned = await spawnProcess('sh', ['-c', 'sleep 100 & exit 4']);
  expect(await spawned.exited).toEqual({ code: 4, signal: null });
});

test('a process that ignores SIGTERM is killed', async () => {
  const spawned = await spawnProcess(
    node,
    ['-e', 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'],
    { readyWhen: /up/ },
  );
  expect(await spawned.stop()).toEqual({ code: null, signal: 'SIGKILL' });
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
