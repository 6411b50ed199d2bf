/** Statements of docs/protocol.md about `wsbroker.v1`, as somebody sees them who has the page and a socket alone. */
import { Broker, type BrokerOptions } from '@wsbroker/broker';
import {
  type AnswerTo,
  brokerStarter,
  connectRaw,
  connectV1,
  startFakeBackend,
  type V1Client,
} from '@wsbroker/testkit';
import { expect, test } from 'vitest';

const startBroker = brokerStarter(Broker);

const start = async (answer: AnswerTo = () => [], options: BrokerOptions = {}) => {
  const backend = await startFakeBackend(answer);
  const broker = await startBroker({ backend: { type: 'http', url: backend.url }, ...options });
  return {
    backend,
    broker,
    async [Symbol.asyncDispose]() {
      await broker[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
};

const frameNames = (client: V1Client): string[] => client.frames.map(([name]) => name);

/** All that came and counts, in order. */
const counted = (client: V1Client): unknown[] =>
  client.raw.received.filter(
    (item) => !Array.isArray(item) || ['reply', 'failed'].includes((item as string[])[0] ?? ''),
  );

test.each([[['wsbroker.v1']], [['chat', 'wsbroker.v1']], [['wsbroker.v9', 'chat', 'wsbroker.v1', 'other']]])(
  'P55: of %j the broker agrees to wsbroker.v1',
  async (protocols) => {
    await using stage = await start();
    await using client = await connectRaw(stage.broker.url, { protocols });
    expect(client.socket.protocol).toBe('wsbroker.v1');
  },
);

test('P60: what cannot be taken counts, and frames do not', async () => {
  await using stage = await start();
  await using first = await connectV1(stage.broker.url);
  first.sendFrame(['ping']);
  first.send({ type: 'one' });
  first.send('7');
  first.send('{');
  first.ack(0);
  first.request(0, { type: 'two' });
  first.request(1, { type: ' ' });
  first.sendFrame(['pong']);
  await first.deliveredUpTo(5);
  // In the order in which they failed: number 4 has waited for the backend.
  expect([...first.failed.keys()].toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5]);
  expect(first.failed.get(5)).toBe('bad-message');
  await first.terminate();
  await using second = await connectV1(stage.broker.url, {
    token: first.opened.token,
    received: first.received,
  });
  expect(second.opened).toMatchObject({ resumed: true, received: 5 });
});

test('P61, P78: whatever a client has received, it is sent exactly what counts after that', async () => {
  await using stage = await start(({ message }) => {
    if (message.type === 'client-ask') return [{ type: 'reply', message: 'yes' }];
    return message.type === 'client-bad' ? { status: 422 } : [{ type: 'send', message: { type: 'hi' } }];
  });
  const { broker } = stage;
  await using first = await connectV1(broker.url);
  first.send({ type: 'say' });
  first.request(4, { type: 'ask' });
  first.send({ type: 'bad' });
  first.sendFrame(['ping']);
  await first.deliveredUpTo(first.send({ type: 'say' }));
  const all = counted(first);
  expect(all).toHaveLength(first.received);
  // What `session-connect` sent comes first.
  expect(all.map((item) => (Array.isArray(item) ? (item as string[])[0] : 'message'))).toEqual([
    'message',
    'message',
    'reply',
    'failed',
    'message',
  ]);
  await first.terminate();
  let { token } = first.opened;
  for (let received = 0; received <= all.length; received += 1) {
    await using again = await connectV1(broker.url, { token, received });
    expect(again.opened).toMatchObject({ resumed: true, gap: false });
    ({ token } = again.opened);
    // Said again after all that counts.
    await again.deliveredUpTo(4);
    expect(counted(again)).toEqual(all.slice(received));
    await again.terminate();
  }
});

test('P62, P64: acknowledgements of many messages are few, and go up only', async () => {
  const messages = 2_000;
  await using stage = await start(undefined, { onClientMessage: () => false });
  await using client = await connectV1(stage.broker.url);
  for (let n = 0; n < messages; n += 1) client.send({ type: 'tick', n });
  await client.deliveredUpTo(messages);
  for (const name of ['ack', 'delivered']) {
    const numbers = client.frames.filter(([kind]) => kind === name).map(([, n]) => n as number);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
    expect(numbers.length).toBeLessThan(messages / 2);
  }
});

test('P65: a failure is said once, before any `delivered` of its number', async () => {
  await using stage = await start(({ message }) => (message['bad'] === true ? { status: 400 } : []));
  await using client = await connectV1(stage.broker.url);
  for (let n = 1; n <= 20; n += 1) client.send({ type: 'say', bad: n % 3 === 0 });
  await client.deliveredUpTo(20);
  const failed = client.frames.filter(([name]) => name === 'failed').map(([, n]) => n);
  expect(failed).toEqual([3, 6, 9, 12, 15, 18]);
  let delivered = 0;
  for (const [name, n] of client.frames) {
    if (name === 'delivered') delivered = n as number;
    if (name === 'failed') expect(n).toBeGreaterThan(delivered);
  }
});

test('P67: an `ack` of more than was sent closes the socket with 4501', async () => {
  await using stage = await start();
  await using client = await connectV1(stage.broker.url);
  stage.broker.broadcast({ type: 'news' });
  await client.nextMessage();
  client.ack(1);
  client.sendFrame(['ping']);
  await client.nextFrame('pong');
  client.ack(2);
  expect(await client.closed).toMatchObject({ code: 4501 });
});

test('P70 to P72: the first `reply` of an answer is the reply, and a second goes nowhere', async () => {
  await using stage = await start(({ message }) =>
    message.type === 'client-ask'
      ? [
          { type: 'reply', message: 1 },
          { type: 'reply', message: 2 },
          { type: 'send', message: { type: 'after' } },
        ]
      : [],
  );
  await using client = await connectV1(stage.broker.url);
  const n = client.request(9, { type: 'ask' });
  await client.deliveredUpTo(n);
  expect(counted(client)).toEqual([['reply', 9, 1], { type: 'after' }]);
});

test('P79: however often `opened` is lost on its way, the token before it stays good', async () => {
  await using stage = await start();
  const { broker } = stage;
  await using first = await connectV1(broker.url);
  await first.terminate();
  const { token, connection } = first.opened;
  for (let cut = 0; cut < 5; cut += 1) {
    await using lost = await connectV1(broker.url, { token, received: 0 });
    expect(lost.opened).toMatchObject({ resumed: true, connection });
    await lost.terminate();
  }
});

test.each([
  ['closes without a code', (client: V1Client) => (client.raw.socket.close(), client.closed)],
  ['sends what is no frame', (client: V1Client) => (client.sendFrame(['nonsense']), client.closed)],
])('P87: a client that %s comes back to its connection', async (_what, lose) => {
  await using stage = await start();
  await using first = await connectV1(stage.broker.url);
  await lose(first);
  await using second = await connectV1(stage.broker.url, { token: first.opened.token, received: 0 });
  expect(second.opened).toMatchObject({ resumed: true, connection: first.opened.connection });
});

test('P85, P86: on the plain wire the connection ends with its socket, whatever the client may come back with', async () => {
  await using stage = await start(undefined, { resumeGraceMs: 3_600_000 });
  await using client = await connectRaw(stage.broker.url);
  await stage.backend.next(({ message }) => message.type === 'session-connect');
  await client.terminate();
  const { headers } = await stage.backend.next(({ message }) => message.type === 'session-disconnect');
  expect(headers['wsbroker-reason']).toBe('connection-lost');
});

test('P17: the trace of an event is the same on each attempt, and another of each event', async () => {
  let failures = 2;
  await using stage = await start(
    ({ message }) => (message.type === 'client-say' && failures-- > 0 ? { status: 503 } : []),
    { retryMaxMs: 10, retryMinMs: 1 },
  );
  await using client = await connectV1(stage.broker.url);
  await client.deliveredUpTo(client.send({ type: 'say' }));
  const traces = stage.backend.events.map(({ headers }) => String(headers['traceparent']).split('-'));
  expect(traces).toHaveLength(4);
  for (const trace of traces) {
    expect(trace.join('-')).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/);
  }
  const [connect, ...attempts] = traces.map(([, id]) => id);
  expect(new Set(attempts).size).toBe(1);
  expect(attempts[0]).not.toBe(connect);
  expect(new Set(traces.map(([, , parent]) => parent)).size).toBe(4);
});

test('what is sent to a client of wsbroker.v1 is `opened` first', async () => {
  await using stage = await start(() => [{ type: 'send', message: { type: 'welcome' } }]);
  await using client = await connectV1(stage.broker.url);
  await client.nextMessage();
  expect(frameNames(client)[0]).toBe('opened');
  expect(client.raw.received[0]).toMatchObject(['opened', {}]);
});
