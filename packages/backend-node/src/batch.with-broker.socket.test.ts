import { Broker } from '@wsbroker/broker';
import { brokerStarter, connectRaw } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { servers } from '../test/servers.ts';
import { RejectEvent } from './backend-error.ts';
import { createBackend } from './backend.ts';
import { memoryStore } from './memory-store.ts';

const startBroker = brokerStarter(Broker);
const start = servers['node:http']!;
const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

const secret = `whsec_${Buffer.from('a'.repeat(32)).toString('base64')}`;

test.each([
  ['as a form', {}, {}],
  ['as JSON', { encoding: 'json' as const }, {}],
  ['signed', {}, { secret }],
])(
  'many clients at once, %s: events come in batches, each is handled once and in order, and gets its own answer',
  async (_how, backendOptions, shared) => {
    const handled = new Map<string, number[]>();
    const failed = new Set<string>();
    const rejected: string[] = [];
    const inner = createBackend(
      {},
      {
        ...shared,
        dedupe: memoryStore(),
        onError: () => {},
        connect: (ctx) => ctx.session({ room: 'lobby' }),
        messages: {
          say(ctx, { n, fails, rejects }) {
            const id = ctx.event.id ?? '';
            if (fails && !failed.has(id)) {
              failed.add(id);
              throw new Error('the first time');
            }
            if (rejects) {
              rejected.push(id);
              throw new RejectEvent('no');
            }
            const who = ctx.connection.wskey;
            handled.set(who, [...(handled.get(who) ?? []), Number(n)]);
            return ctx.send({ type: 'said', n });
          },
        },
        requests: { ask: (ctx, { n }) => ctx.reply({ type: 'answer', n }) },
      },
    );
    const sizes: number[] = [];
    await using server = await start({
      ...inner,
      nodeHandler: (request, response) => {
        sizes.push(Number(request.headers['wsbroker-batch'] ?? 1));
        inner.nodeHandler(request, response);
      },
    });
    await using broker = await startBroker({
      ...shared,
      backend: { type: 'http', url: server.url, ...backendOptions },
      maxConnectionsPerAddress: 1_000,
      retryMinMs: 1,
    });
    const clients = await Promise.all(range(40).map(() => connectRaw(broker.url)));
    for (const n of range(10)) {
      for (const [c, client] of clients.entries()) {
        client.send({ type: 'say', n, fails: n === 3 && c % 7 === 0, rejects: n === 5 && c % 9 === 0 });
      }
    }
    for (const [c, client] of clients.entries()) {
      const expected = range(10).filter((n) => !(n === 5 && c % 9 === 0));
      for (const n of expected) {
        expect(await client.next(({ type }) => type === 'said')).toEqual({ type: 'said', n });
      }
    }
    const counts = [...handled.values()].map((own) => own.length);
    expect(counts.filter((count) => count === 9)).toHaveLength(5);
    expect(counts.filter((count) => count === 10)).toHaveLength(35);
    for (const own of handled.values()) expect(own).toEqual(own.toSorted((a, b) => a - b));
    expect(Math.max(...sizes)).toBeGreaterThan(5);
    expect(new Set(rejected).size).toBe(5);
    for (const client of clients) await client.close();
  },
);

test('with `maxBatch: 1` no batch comes', async () => {
  const inner = createBackend({}, { maxBatch: 1, messages: { say: (ctx) => ctx.send({ type: 'said' }) } });
  const sizes: unknown[] = [];
  await using server = await start({
    ...inner,
    nodeHandler: (request, response) => {
      sizes.push(request.headers['wsbroker-batch']);
      inner.nodeHandler(request, response);
    },
  });
  await using broker = await startBroker({ backend: { type: 'http', url: server.url } });
  const clients = await Promise.all(range(20).map(() => connectRaw(broker.url)));
  for (const client of clients) client.send({ type: 'say' });
  for (const client of clients) await client.next();
  expect(sizes).toHaveLength(40);
  expect(new Set(sizes)).toEqual(new Set([undefined]));
  for (const client of clients) await client.close();
});
