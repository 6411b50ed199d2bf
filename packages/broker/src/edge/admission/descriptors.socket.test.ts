import { fileURLToPath } from 'node:url';
import {
  brokerStarter,
  connectRaw,
  connectTcp,
  Disposables,
  has,
  type RawClient,
  spawnProcess,
  startFakeBackend,
} from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../../index.ts';
import { settingsFrom } from '../../settings.ts';
import { connectionLimits, descriptorLimit } from './descriptors.ts';

const startBroker = brokerStarter(Broker);
const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const descriptors = 256;
const listening = /websocket server listening on port (\d+)/;

test('more `maxConnections` than there are descriptors for is one warning, with the numbers', async () => {
  await using broker = await startBroker({ maxConnections: 1_000_000 });
  // Where there is no limit there is nothing to warn of.
  const limit = descriptorLimit() ?? Infinity;
  expect(broker.logs.messages('warn')).toEqual(
    limit < 1_000_000
      ? [
          expect.stringMatching(
            /^! `maxConnections` is 1000000, and \d+ file descriptors are enough for \d+: raise .*`ulimit -n`/,
          ),
        ]
      : [],
  );
});

test.skipIf(!has('prlimit'))(
  'with 256 descriptors and 1,000 clients: those that got in go on, the backend is reached, and who comes later gets the place of who leaves',
  async () => {
    await using backend = await startFakeBackend(({ message }) =>
      message.type === 'client-hello' ? [{ type: 'send', message: { type: 'welcome' } }] : [],
    );
    await using broker = await spawnProcess(
      'prlimit',
      [
        `--nofile=${descriptors}:${descriptors}`,
        process.execPath,
        cli,
        '--port',
        '0',
        '--host',
        '127.0.0.1',
        '--backend-url',
        backend.url,
      ],
      { readyWhen: listening },
    );
    const port = Number(listening.exec(broker.output)?.[1]);
    const url = `ws://127.0.0.1:${port}/`;
    const settings = settingsFrom({ port: 0, backend: { url: backend.url } });
    const { maxConnections } = connectionLimits(settings, descriptors);
    expect(maxConnections).toBeGreaterThan(50);
    expect(maxConnections).toBeLessThan(descriptors);

    await using clients = new Disposables();
    const open: RawClient[] = [];
    const refused: unknown[] = [];
    await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        try {
          open.push(clients.use(await connectRaw(url)));
        } catch (error) {
          refused.push(error);
        }
      }),
    );
    // Those that do not even begin take what is left, as far as that goes.
    for (let n = 0; n < 100; n += 1) clients.use(await connectTcp(port));
    expect(open.length).toBeGreaterThan(0);
    expect(open.length).toBeLessThanOrEqual(maxConnections);
    while (open.length < maxConnections) open.push(clients.use(await connectRaw(url)));
    await expect(connectRaw(url)).rejects.toMatchObject({ status: 503 });

    // Each of them reaches the backend, and is reached.
    for (const client of open) client.send({ type: 'hello' });
    for (const client of open) expect(await client.next()).toEqual({ type: 'welcome' });
    expect(open.filter(({ isOpen }) => !isOpen)).toEqual([]);
    expect(broker.output).not.toMatch(/EMFILE|ENFILE/);

    await open[0]?.close();
    await using next = await connectRaw(url);
    next.send({ type: 'hello' });
    expect(await next.next()).toEqual({ type: 'welcome' });
    expect(broker.isRunning).toBe(true);
  },
);
