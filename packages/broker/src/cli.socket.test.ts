import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  connectRaw,
  postCommands,
  spawnProcess,
  type SpawnedProcess,
  startFakeBackend,
} from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { usage } from './cli-options.ts';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const local = ['--port', '0', '--host', '127.0.0.1'];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly env?: Record<string, string>;
  /** Arguments of Node's own. */
  readonly nodeArgs?: string[];
}

/** Runs the command until it ends. */
const run = (args: string[], { env = {}, nodeArgs = [] }: RunOptions = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 60_000 };
    execFile(process.execPath, [...nodeArgs, cli, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });

const listening = /websocket server listening on port (\d+)/;

const start = async (
  args: string[],
  env: Record<string, string> = {},
): Promise<{ broker: SpawnedProcess; port: number; url: string }> => {
  const broker = await spawnProcess(process.execPath, [cli, ...args], { readyWhen: listening, env });
  const port = Number(listening.exec(broker.output)?.[1]);
  return { broker, port, url: `ws://127.0.0.1:${port}/` };
};

test('--help shows how it is used', async () => {
  expect(await run(['--help'])).toEqual({ code: 0, stdout: `${usage}\n`, stderr: '' });
});

test('--version shows the version of the package', async () => {
  expect(await run(['--version'])).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
});

const badConfig = async (content: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-cli-'));
  const file = join(folder, 'config.json');
  await writeFile(file, content);
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
};

test('each mistake is exactly one line on standard error, and exit code 2', async () => {
  await using config = await badConfig('{\n  "port": 1,\n  oops\n}');
  await using otherConfig = await badConfig('{ "port": 1, "trustedProxies": ["nowhere"] }');
  const mistakes = [
    [],
    ['--port', 'http'],
    ['--port', '-5'],
    [...local, '--backend-url', 'localhost'],
    [...local, '--allow', '::1'],
    [...local, '--backend-url', 'http://localhost/', '--allow', 'x'],
    [...local, '--log', 'loud'],
    [...local, '--unknown'],
    [...local, 'more'],
    [...local, '--a\nb'],
    ['--config', config.file],
    ['--config', otherConfig.file],
    ['--config', '/nowhere/at/all.json'],
  ];
  for (const args of mistakes) {
    const { code, stdout, stderr } = await run(args);
    expect([args, code, stdout]).toEqual([args, 2, '']);
    expect(stderr).toMatch(/^wsbroker: [^\n]+ \(see wsbroker --help\)\n$/);
  }
});

test('a port that is taken is exactly one line, and exit code 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const ended = await run(['--port', String(port), '--host', '127.0.0.1']);
  taken.close();
  expect(ended).toEqual({
    code: 1,
    stdout: '',
    stderr: `wsbroker: The address 127.0.0.1:${port} is taken: another program listens there; stop it, or choose another \`port\` (0 takes a free one)\n`,
  });
});

test('a Node that is too old is told, before anything is loaded', async () => {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.0' } })`;
  const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`];
  expect(await run(['--help'], { nodeArgs })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'wsbroker: Node 20.20.0 is too old: Node 22.19 or newer is needed\n',
  });
});

test('events reach --backend-url, its answers are obeyed, and --allow may POST commands', async () => {
  await using backend = await startFakeBackend(({ message }) =>
    message.type === 'client-hello' ? [{ type: 'send', message: { type: 'welcome' } }] : [],
  );
  const { broker, port, url } = await start([
    ...local,
    ...['--backend-url', backend.url, '--allow', '127.0.0.1', '--log', 'debug'],
  ]);
  await using _ = broker;
  await using client = await connectRaw(url);
  client.send({ type: 'hello' });
  expect(await client.next()).toEqual({ type: 'welcome' });
  expect(backend.events.map(({ message }) => message.type)).toEqual(['session-connect', 'client-hello']);
  const posted = await postCommands(`http://127.0.0.1:${port}/`, [{ type: 'list', count: true }]);
  expect(posted).toMatchObject({ status: 200, body: [{ count: 1 }] });
  expect(broker.output).toContain('→ from client ');
  expect(broker.output).toContain("{ type: 'hello' }");
});

test('the environment sets what no flag does', async () => {
  await using backend = await startFakeBackend();
  const { broker, url } = await start(['--port', '0'], {
    WSBROKER_PORT: '1',
    WSBROKER_HOST: '127.0.0.1',
    WSBROKER_BACKEND_URL: backend.url,
    WSBROKER_LOG: 'json',
  });
  await using _ = broker;
  await using client = await connectRaw(url);
  expect((await backend.next()).message).toEqual({ type: 'session-connect' });
  expect(client.isOpen).toBe(true);
  expect(JSON.parse(broker.output.split('\n')[0]!)).toMatchObject({
    level: 'info',
    msg: expect.stringMatching(listening) as string,
  });
});

test('SIGTERM closes in order: clients get 1001, what waits is delivered, and the exit code is 0', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  await using backend = await startFakeBackend(async ({ message }) => {
    if (message.type === 'client-one') await held;
    return [];
  });
  const { broker, url } = await start([...local, '--backend-url', backend.url, '--log', 'debug']);
  await using _ = broker;
  await using client = await connectRaw(url);
  for (const type of ['one', 'two', 'three']) client.send({ type });
  await backend.next(({ message }) => message.type === 'client-one');
  await broker.outputMatching(/client-three/);

  broker.kill('SIGTERM');
  expect(await client.closed).toEqual({ code: 1001, reason: 'the broker is closing' });
  expect(broker.isRunning).toBe(true);
  release();
  expect(await broker.exited).toEqual({ code: 0, signal: null });
  expect(backend.events.map(({ message }) => message.type)).toEqual([
    'session-connect',
    'client-one',
    'client-two',
    'client-three',
    'session-disconnect',
  ]);
  expect(broker.output).toMatch(/➥ websocket server closed\n$/);
});

test('SIGINT closes in order too', async () => {
  const { broker, url } = await start(local);
  await using _ = broker;
  await using client = await connectRaw(url);
  broker.kill('SIGINT');
  expect((await client.closed).code).toBe(1001);
  expect(await broker.exited).toEqual({ code: 0, signal: null });
});

test.each(['SIGTERM', 'SIGINT'] as const)('a second signal, %s, ends it at once', async (second) => {
  await using backend = await startFakeBackend('hang');
  const { broker, url } = await start([...local, '--backend-url', backend.url]);
  await using _ = broker;
  await using client = await connectRaw(url);
  await backend.next();
  broker.kill('SIGTERM');
  // From here on only events are waited for, which the backend never takes.
  await client.closed;
  const beginMs = performance.now();
  broker.kill(second);
  expect(await broker.exited).toEqual({ code: 1, signal: null });
  // The drain alone would take five seconds.
  expect(performance.now() - beginMs).toBeLessThan(4_500);
});

test('the broker stays up when nobody reads its log any more', async () => {
  const child = spawn(process.execPath, [cli, ...local], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  const port = listening.exec(first.toString())?.[1];
  child.stdout.destroy();
  for (let n = 0; n < 3; n += 1) {
    await using client = await connectRaw(`ws://127.0.0.1:${port}/`);
    // Answered with an error, which shows that it is alive.
    client.send('no JSON');
    expect(await client.next()).toMatchObject({ type: 'broker-error', code: 'not-json' });
  }
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
