import { brokerStarter, connectV1 } from '@wsbroker/testkit';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { answeringEach, type Post, startBatchBackend } from '../test/batch-backend.ts';
import { Broker } from './index.ts';

const startBroker = brokerStarter(Broker);
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

const saidIn = (posts: readonly Post[]) =>
  posts.flatMap(({ events }) => events).filter(({ message }) => message.type === 'client-say');

test('with a journal what waited comes in batches, in order and under the ids that it had; once answered it does not come again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-journal-'));
  try {
    await using backend = await startBatchBackend(
      answeringEach(100, ({ message }) => [
        { type: 'session', data: { last: Number(message['n'] ?? -1) } },
        { type: 'send', message: { type: 'said', n: message['n'] } },
      ]),
    );
    const start = () =>
      startBroker({
        backend: { url: backend.url },
        journal: join(folder, 'events.db'),
        retryMaxMs: 50,
        maxConnectionsPerAddress: 1_000,
      });
    const broker = await start();
    const clients = await Promise.all(range(60).map(() => connectV1(broker.url)));
    for (const client of clients) await client.deliveredUpTo(client.send({ type: 'hello' }));
    await backend.stop();
    for (const n of range(5)) for (const client of clients) client.send({ type: 'say', n });
    for (const client of clients) await client.ackedUpTo(6);
    await broker.close();
    await backend.start();

    const before = backend.posts.length;
    const next = await start();
    while (new Set(saidIn(backend.posts).map(({ id }) => id)).size < 300) await backend.next();
    await next.close();
    const posts = backend.posts.slice(before);
    const done = saidIn(posts);
    expect(done).toHaveLength(300);
    for (const { connection } of clients.map(({ opened }) => opened)) {
      const own = done.filter(({ id }) => id.startsWith(`${connection}-`));
      expect(own.map(({ id, message }) => [id, message['n']])).toEqual(
        range(5).map((n) => [`${connection}-${n + 3}`, n]),
      );
      // The commands of each answer had run before the next was encoded.
      expect(own.map((event) => event.connection['last'])).toEqual([-1, 0, 1, 2, 3]);
    }
    expect(posts.filter(({ isBatch }) => isBatch).length).toBeGreaterThan(0);
    expect(posts.length).toBeLessThan(posts.flatMap(({ events }) => events).length);

    const last = await start();
    await last.close();
    expect(saidIn(backend.posts.slice(before))).toHaveLength(300);
  } finally {
    await rm(folder, { recursive: true });
  }
});
