import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { certificate, connectRaw, type FakeBackend, MemoryLogger, spawnProcess } from '@wsbroker/testkit';
import { describe, expect, test, vi } from 'vitest';
import { payloadCanary, secretCanary, tracesIn } from '../../test/canaries.ts';
import {
  doEverything,
  optionsWithSecrets,
  type Seen,
  startCanaryBackend,
  startGarbageBackend,
} from '../../test/canary-scenario.ts';
import { Broker, type BrokerOptions, createTextLogger } from '../index.ts';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const none = { secrets: [], payloads: [] };

/** Longer ones were brought about by somebody who sent a long text. */
const maxLineLength = 1_500;

/** Everything that this process writes while it goes on. */
const written = async (run: () => Promise<Seen>): Promise<{ lines: string[]; seen: Seen }> => {
  const lines: string[] = [];
  const take = (...values: unknown[]): void =>
    void lines.push(values.map((value) => inspect(value)).join(' '));
  const spies = (['log', 'info', 'warn', 'error'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(take),
  );
  process.on('warning', take);
  try {
    return { seen: await run(), lines };
  } finally {
    process.off('warning', take);
    for (const spy of spies) spy.mockRestore();
  }
};

const outage = async (backend: FakeBackend, broker: Broker): Promise<void> => {
  await backend.stop();
  broker.sendBackendMessage({ type: 'direct', text: payloadCanary });
  broker.broadcast({ type: 'all', text: payloadCanary });
  await broker.close();
};

const runWith = (log: BrokerOptions['log']) =>
  written(async () => {
    await using backend = await startCanaryBackend();
    const broker = Broker({ ...optionsWithSecrets(backend), log });
    await broker.ready;
    const seen = await doEverything(broker.port, backend);
    await outage(backend, broker);
    return seen;
  });

describe('neither secrets nor payloads are in the log, nor in an answer that refuses', () => {
  test.each<[string, BrokerOptions['log'], number]>([
    ['without `log`', undefined, 10],
    ['log: false', false, 10],
    ["log: 'json'", 'json', 12],
    ['a text log at info, as the command has it', createTextLogger('info'), 12],
  ])('%s', async (_form, log, minLines) => {
    const { lines, seen } = await runWith(log);
    expect(lines.length).toBeGreaterThan(minLines);
    expect(tracesIn(lines, seen.tokens)).toEqual(none);
    expect(tracesIn(seen.answers, seen.tokens)).toEqual(none);
    expect(seen.answers.length).toBeGreaterThan(20);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(maxLineLength);
  });

  test('a logger of the application: with every field of what it is given, above debug', async () => {
    const logs = new MemoryLogger();
    const { lines, seen } = await runWith(logs);
    expect(lines).toEqual([]);
    const shown = (isDebug: boolean) =>
      logs.entries
        .filter(({ level }) => (level === 'debug') === isDebug)
        .map((entry) => inspect(entry, { depth: 10, showHidden: true, maxStringLength: null }));
    expect(shown(false).length).toBeGreaterThan(12);
    expect(tracesIn(shown(false), seen.tokens)).toEqual(none);
    expect(tracesIn(shown(true), seen.tokens).secrets).toEqual([]);
  });

  test('the command, with what it does by default', async () => {
    await using backend = await startCanaryBackend();
    const folder = await mkdtemp(join(tmpdir(), 'wsbroker-canaries-'));
    const config = join(folder, 'config.json');
    const journal = join(folder, 'journal.db');
    await writeFile(config, JSON.stringify({ ...optionsWithSecrets(backend), journal }));
    await using broker = await spawnProcess(process.execPath, [cli, '--config', config], {
      readyWhen: /listening on port \d+/,
    });
    const port = Number(/listening on port (\d+)/.exec(broker.output)?.[1]);
    const seen = await doEverything(port, backend);
    await backend.stop();
    broker.kill('SIGTERM');
    await broker.exited;
    await rm(folder, { recursive: true });
    const lines = broker.output.split('\n');
    expect(lines.length).toBeGreaterThan(12);
    expect(tracesIn(lines, seen.tokens)).toEqual(none);
  });
});

test('`log: true` shows messages, as it is meant to, and no secret, cookie or token', async () => {
  const { lines, seen } = await runWith(true);
  const traces = tracesIn(lines, seen.tokens);
  expect(traces.payloads.length).toBeGreaterThan(10);
  expect(traces.secrets).toEqual([]);
});

test('the search finds each of them, whole, in part, and as bytes', () => {
  const token = 'a-token-of-22-letters-';
  const secrets = [
    secretCanary,
    'Unexpected token, ..."ARYCANARYC"... is not valid JSON',
    inspect(Buffer.from(`session=${secretCanary}`)),
    JSON.stringify(Buffer.from(secretCanary)),
    Buffer.from(`user:${secretCanary}`).toString('base64'),
    `wskey ${token}`,
    inspect({ deep: new Map([[1, { cookie: secretCanary }]]) }),
    certificate('first').key.split('\n')[1] ?? '',
  ];
  const payloads = [`{"text":"${payloadCanary}"}`, '"ROTPARROTP"', inspect(Buffer.from(payloadCanary))];
  expect(tracesIn([...secrets, 'innocent', ...payloads], [token])).toEqual({ secrets, payloads });
});

test('an answer that is no HTTP is told without a piece of it', async () => {
  const server = await startGarbageBackend();
  const logs = new MemoryLogger();
  const broker = Broker({ port: 0, log: logs, backend: { url: server.url }, drainMs: 0 });
  await broker.ready;
  broker.sendBackendMessage({ type: 'direct', text: payloadCanary });
  const { fields, message } = await logs.next(({ level }) => level === 'warn');
  expect(String(fields['reason'])).toMatch(/HTTP/);
  expect(tracesIn([message, inspect(fields, { depth: 10 })])).toEqual(none);
  await broker.close();
  await new Promise((resolve) => server.close(resolve));
});

test('a journal that cannot be used is told without a piece of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-canaries-'));
  const journal = join(folder, 'journal.db');
  await writeFile(journal, payloadCanary.repeat(1_000));
  await using backend = await startCanaryBackend();
  await using broker = Broker({ ...optionsWithSecrets(backend), journal, log: false });
  const error: unknown = await broker.ready.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'journal-failed' });
  expect(tracesIn([inspect(error, { depth: 10, showHidden: true })])).toEqual(none);
  await rm(folder, { recursive: true });
});

test('a broker that cannot be started says why without the secrets in its options', async () => {
  await using backend = await startCanaryBackend();
  const good = optionsWithSecrets(backend);
  const mistakes: object[] = [
    { secret: secretCanary },
    { secret: [good.secret, secretCanary] },
    { backend: { ...good.backend, url: good.backend.url.replace('http:', 'htp:') } },
    { backend: { ...good.backend, url: good.backend.url.replace('http://', '') } },
    { backend: { ...good.backend, timeoutMs: -1 } },
    { backend: { ...good.backend, ca: certificate('first').certFile } },
    { backend: { ...good.backend, type: 'http ' } },
    { tls: { ...good.tls, key: certificate('first').key } },
    { tls: { ...good.tls, key: certificate('second').keyFile } },
    { tls: { ...good.tls, cert: certificate('first').keyFile } },
    { tls: { cert: certificate('first').key } },
    { port: { [secretCanary]: secretCanary } },
    { cookies: { session: secretCanary } },
  ];
  for (const mistake of mistakes) {
    let error: unknown;
    try {
      await Broker({ ...good, ...mistake }).close();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: 'BrokerError' });
    expect(tracesIn([inspect(error, { depth: 10, showHidden: true })])).toEqual(none);
  }
});

test('what an error of the application says is its own, and is shown', async () => {
  const logs = new MemoryLogger();
  await using broker = Broker({
    port: 0,
    log: logs,
    onClientMessage: ({ type }) => {
      throw new Error(`cannot take ${type}`);
    },
  });
  await broker.ready;
  await using client = await connectRaw(`ws://127.0.0.1:${broker.port}/`, {
    headers: { cookie: `session=${secretCanary}` },
  });
  client.send({ type: 'hello', text: payloadCanary });
  const { fields } = await logs.next(({ level }) => level === 'error');
  expect(String(fields['err'])).toBe('Error: cannot take hello');
  expect(tracesIn([inspect(fields, { depth: 10, showHidden: true })])).toEqual(none);
});

test('whoever logs the broker shows neither secret nor password', async () => {
  await using backend = await startCanaryBackend();
  await using broker = Broker({ ...optionsWithSecrets(backend), log: false });
  await broker.ready;
  const shown = inspect({ broker }, { depth: 20, showHidden: true });
  expect(shown).toContain('Broker {"port":');
  expect(tracesIn([shown, JSON.stringify({ broker })])).toEqual(none);
  // What was passed in is the application's, and stays as it was.
  expect(JSON.stringify(broker.config)).toContain(secretCanary);
});
