import { type BackendEvent, brokerStarter, connectRaw, startFakeBackend } from '@wsbroker/testkit';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { Broker } from '../broker.ts';

const startBroker = brokerStarter(Broker);

const secretOf = (letter: string): string => `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`;
const [secret, newSecret, wrongSecret] = [secretOf('a'), secretOf('b'), secretOf('c')];

/** As any backend would, with the package of Standard Webhooks. */
const verifyWith = (text: string, { body, headers }: BackendEvent): void => {
  new Webhook(text).verify(body, headers as Record<string, string>, { jsonParse: false });
};

const isSaid = ({ message }: BackendEvent): boolean => message.type === 'client-say';

test.each(['form', 'json'] as const)(
  'P93: every event is signed over its body as it is sent: %s',
  async (encoding) => {
    await using backend = await startFakeBackend(({ message }) =>
      message.type === 'session-connect' ? [{ type: 'session', data: { name: 'Zoë 👋' } }] : [],
    );
    await using broker = await startBroker({
      secret,
      backend: { type: 'http', url: `${backend.url}events?from=broker`, encoding },
    });
    const client = await connectRaw(broker.url, { headers: { cookie: 'lang=%C3%A9' } });
    client.send({ type: 'say', text: 'grüß dich 👩‍👩‍👧 & + %20\u2028' });
    await client.close();
    const events = [
      await backend.next(({ message }) => message.type === 'session-connect'),
      await backend.next(isSaid),
      await backend.next(({ message }) => message.type === 'session-disconnect'),
    ];
    for (const event of events) {
      verifyWith(secret, event);
      expect(event.headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
      expect(() => verifyWith(wrongSecret, event)).toThrow('No matching signature');
      const changed = { ...event, body: event.body.replace('e', 'f') };
      expect(() => verifyWith(secret, changed)).toThrow('No matching signature');
    }
  },
);

test('what the application sends the backend itself is signed too', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ secret, backend: { type: 'http', url: backend.url } });
  broker.sendBackendMessage({ type: 'tick', at: 'über' });
  const event = await backend.next();
  verifyWith(secret, event);
});

test('P94: with two secrets every event carries a signature of each, newest first', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    secret: [newSecret, secret],
    backend: { type: 'http', url: backend.url },
  });
  await using _client = await connectRaw(broker.url);
  const event = await backend.next();
  verifyWith(secret, event);
  verifyWith(newSecret, event);
  expect(() => verifyWith(wrongSecret, event)).toThrow('No matching signature');
  const signatures = String(event.headers['webhook-signature']).split(' ');
  expect(signatures).toHaveLength(2);
  const first = { ...event, headers: { ...event.headers, 'webhook-signature': signatures[0] } };
  verifyWith(newSecret, first);
});

test('P93, P100: an event that is tried again has the same id, the time of its attempt and a signature of that', async () => {
  // A wait of seconds, so that the timestamps differ.
  await using backend = await startFakeBackend(({ attempt }) =>
    attempt === 1 ? { status: 503, headers: { 'retry-after': '2' } } : [],
  );
  await using broker = await startBroker({ secret, backend: { type: 'http', url: backend.url } });
  await using _client = await connectRaw(broker.url);
  const first = await backend.next(({ attempt }) => attempt === 1);
  const second = await backend.next(({ attempt }) => attempt === 2);
  for (const event of [first, second]) verifyWith(secret, event);
  expect(second.id).toBe(first.id);
  const timestampOf = ({ headers }: BackendEvent): number => Number(headers['webhook-timestamp']);
  expect(timestampOf(second)).toBeGreaterThan(timestampOf(first));
  expect(second.headers['webhook-signature']).not.toBe(first.headers['webhook-signature']);
});

test('without a secret there is no signature', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { type: 'http', url: backend.url } });
  await using _client = await connectRaw(broker.url);
  expect((await backend.next()).headers).not.toHaveProperty('webhook-signature');
});
