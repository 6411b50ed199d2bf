/** What is sent in one turn of the event loop, to all, to some, to one, comes in its order, whatever else is done. */
import { brokerStarter, type CloseFacts, connectRaw, connectV1, Disposables } from '@wsbroker/testkit';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Broker, type Connection } from '../index.ts';

const startBroker = brokerStarter(Broker);

/** More than are written to at once, of both kinds, in two rooms. */
const plainClients = 6;
const clientCount = 12;
const roomOf = (n: number): string => (n % 2 === 0 ? 'even' : 'odd');

interface Client {
  readonly texts: () => string[];
  readonly closed: Promise<CloseFacts>;
  readonly isDone: () => Promise<unknown>;
}

/** Numbered by their cookie, as their connections are. */
const connectAll = async (url: string, clients: Disposables): Promise<Client[]> => {
  const all: Client[] = [];
  for (let n = 0; n < clientCount; n += 1) {
    const headers = { cookie: `n=${n}; room=${roomOf(n)}` };
    if (n < plainClients) {
      const client = clients.use(await connectRaw(url, { headers }));
      all.push({
        texts: () => client.received.map((message) => (message as { text: string }).text),
        closed: client.closed,
        isDone: () => client.next((message) => (message as { text: string }).text === 'done'),
      });
    } else {
      const client = clients.use(await connectV1(url, { headers }));
      all.push({
        texts: () => client.messages.map(({ text }) => text as string),
        closed: client.closed,
        isDone: () => client.nextMessage(({ text }) => text === 'done'),
      });
    }
  }
  return all;
};

type Step =
  | { readonly kind: 'all' | 'others' }
  | { readonly kind: 'room'; readonly room: string }
  | { readonly kind: 'one' | 'twice' | 'close'; readonly n: number };

const anyOne = fc.nat(clientCount - 1);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom('all' as const, 'all' as const, 'others' as const) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('room' as const), room: fc.constantFrom('even', 'odd') }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('one' as const, 'twice' as const), n: anyOne }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), n: anyOne }) },
);

test('each gets exactly what it was sent, in order, up to its close', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 40 }), async (steps) => {
      const connections = new Map<number, Connection>();
      await using broker = await startBroker({
        onClientConnect: (connection) =>
          void connections.set(Number(connection.sessionInfo['n']), connection),
      });
      await using clients = new Disposables();
      const all = await connectAll(broker.url, clients);
      const expected = all.map((): string[] => []);
      const closed = new Set<number>();
      const expectFor = (text: string, isMeant: (n: number) => boolean): void => {
        for (const [n, texts] of expected.entries()) if (isMeant(n) && !closed.has(n)) texts.push(text);
      };
      for (const [at, step] of steps.entries()) {
        const message = { type: 'said', text: `${at} ${step.kind}` };
        switch (step.kind) {
          case 'all':
            broker.broadcast(message);
            expectFor(message.text, () => true);
            break;
          case 'others':
            broker.broadcast(message, { n: [0, 1, 2, 3, 4, 5, 6] });
            expectFor(message.text, (n) => n < 7);
            break;
          case 'room':
            broker.broadcast(message, { room: step.room });
            expectFor(message.text, (n) => roomOf(n) === step.room);
            break;
          case 'one':
          case 'twice':
            for (let times = step.kind === 'one' ? 1 : 2; times > 0; times -= 1) {
              connections.get(step.n)?.send(message);
              expectFor(message.text, (n) => n === step.n);
            }
            break;
          case 'close':
            connections.get(step.n)?.close(4_500, 'enough');
            closed.add(step.n);
            break;
        }
      }
      broker.broadcast({ type: 'said', text: 'done' });
      expectFor('done', () => true);
      await Promise.all(all.map(({ isDone, closed: ended }, n) => (closed.has(n) ? ended : isDone())));
      expect(all.map(({ texts }) => texts())).toEqual(expected);
    }),
    { numRuns: 25 },
  );
});

test('what is sent to all while the sockets of some are lost is replayed to them once, and in order', async () => {
  await using broker = await startBroker({});
  await using clients = new Disposables();
  const first = [];
  for (let n = 0; n < clientCount; n += 1) first.push(clients.use(await connectV1(broker.url)));
  const say = (text: string): void => {
    for (const at of [1, 2, 3]) broker.broadcast({ type: 'said', text: `${text} ${at}` });
  };
  say('before');
  await Promise.all(first.map((client) => client.nextMessage(({ text }) => text === 'before 3')));
  // In the turn in which the broker learns of it, and in those before and after.
  const lost = first.map((client) => client.terminate());
  say('meanwhile');
  await new Promise((resolve) => setImmediate(resolve));
  say('later');
  await Promise.all(lost);
  for (const client of first) {
    const { token } = client.opened;
    const next = clients.use(await connectV1(broker.url, { token, received: client.received }));
    expect(next.opened).toMatchObject({ resumed: true, gap: false });
    say('after');
    await next.nextMessage(({ text }) => text === 'after 3');
    const texts = [...client.messages, ...next.messages].map(({ text }) => text as string);
    const kinds = ['before', 'meanwhile', 'later', 'after'].flatMap((kind) =>
      [1, 2, 3].map((at) => `${kind} ${at}`),
    );
    // Those who come back later have missed more of the last.
    expect([...new Set(texts)]).toEqual(kinds);
    expect(texts.slice(0, 9)).toEqual(kinds.slice(0, 9));
    expect(texts.filter((text) => text === 'after 1')).toHaveLength(
      texts.filter((text) => text === 'after 3').length,
    );
  }
});
