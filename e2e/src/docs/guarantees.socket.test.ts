/** Promises of docs/guarantees.md about a broker whose process is killed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRaw, connectV1, type FakeBackend, spawnProcess, startFakeBackend } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { inRepository } from '../repository.ts';

/** A backend, and brokers on one journal, each a process. */
const start = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-guarantees-'));
  const backend = await startFakeBackend();
  return {
    backend,
    async startBroker(...flags: string[]) {
      const process = await spawnProcess(
        globalThis.process.execPath,
        [
          inRepository('packages/broker/dist/cli.js'),
          ...['--port', '0', '--host', '127.0.0.1', '--log', 'text', '--backend-url', backend.url],
          ...['--journal', join(folder, 'events.db'), ...flags],
        ],
        { readyWhen: /listening on port \d+/ },
      );
      const port = Number(/listening on port (\d+)/.exec(process.output)?.[1]);
      return {
        url: `ws://127.0.0.1:${port}/`,
        kill: () => process.stop('SIGKILL'),
        [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
      };
    },
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
};

/** Types and numbers of a connection's events, in the order of arrival. */
const eventsOf = (backend: FakeBackend, wskey: unknown): string[] =>
  backend.events
    .filter(({ connection }) => connection['wskey'] === wskey)
    .map(({ message, id }) => `${message.type} ${id.split('-').at(-1)}`);

test('P84: events of plain clients that the broker has taken outlive its process', async () => {
  await using stage = await start();
  const { backend } = stage;
  await using broker = await stage.startBroker();
  await using plain = await connectRaw(broker.url);
  // Acknowledged later than what came before it on another connection: both go to the disk in order.
  await using witness = await connectV1(broker.url);
  const { connection } = await backend.next(
    ({ connection: { wskey } }) => wskey !== witness.opened.connection,
  );
  await witness.deliveredUpTo(witness.send({ type: 'ready' }));
  await backend.stop();
  plain.send({ type: 'say' });
  plain.send('7');
  // Its answer says that what came before was read.
  expect(await plain.next()).toMatchObject({ type: 'broker-error' });
  await witness.ackedUpTo(witness.send({ type: 'say' }));
  await broker.kill();
  await backend.start();
  await using next = await stage.startBroker();
  await backend.next(
    ({ message, connection: { wskey } }) =>
      message.type === 'session-disconnect' && wskey === connection['wskey'],
  );
  expect(eventsOf(backend, connection['wskey'])).toEqual([
    'session-connect 1',
    'client-say 2',
    'session-disconnect 3',
  ]);
  expect(next.url).not.toBe(broker.url);
});

test('P84: a client of wsbroker.v1 whose broker was killed goes on with the next one', async () => {
  await using stage = await start();
  const { backend } = stage;
  await using broker = await stage.startBroker();
  await using first = await connectV1(broker.url);
  const { connection, token } = first.opened;
  await first.deliveredUpTo(first.send({ type: 'one' }));
  first.ack();
  await backend.stop();
  await first.ackedUpTo(first.send({ type: 'two' }));
  await broker.kill();
  await using next = await stage.startBroker();
  await using second = await connectV1(next.url, { token, received: first.received });
  expect(second.opened).toMatchObject({ connection, resumed: true, gap: true, received: 2 });
  const last = second.send({ type: 'three' });
  await backend.start();
  await second.deliveredUpTo(last);
  expect(last).toBe(3);
  expect(eventsOf(backend, connection)).toEqual([
    'session-connect 1',
    'client-one 2',
    'client-two 3',
    'client-three 4',
  ]);
});
