import { brokerStarter, connectRaw, startFakeBackend } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { Broker } from './index.ts';

const startBroker = brokerStarter(Broker);

test.each(['form', 'json'] as const)(
  'with encoding %s message and connection arrive whole, whatever is in them',
  async (encoding) => {
    const content = {
      text: 'a+b & c=d % é 😀 "quoted" \\ \n\r\t\u0000 </script>',
      nested: { list: [1, -2.5e-7, null, true, [], {}], 'key with space': 'x' },
      long: 'x'.repeat(20_000),
    };
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url, encoding } });
    await using client = await connectRaw(broker.url, { headers: { cookie: 'q=a+b%26' } });
    // Half a character, which JSON can name and UTF-8 cannot carry.
    client.send({ type: 'say', ...content, half: '\ud800' });
    const event = await backend.next(({ message }) => message.type === 'client-say');
    expect(event.encoding).toBe(encoding);
    expect(event.message).toEqual({ type: 'client-say', ...content, half: '\ufffd' });
    expect(event.connection).toMatchObject({ q: 'a+b%26' });
  },
);

test.each([
  [{ type: 'hello' }, 'client-hello'],
  [{ type: 'client-hello' }, 'client-hello'],
  [{ text: 'no type' }, 'client-message'],
  [{ type: 'session-connect' }, 'client-session-connect'],
  [{ type: 'session-disconnect' }, 'client-session-disconnect'],
  [{ type: 'A.b_c:d-9' }, 'client-A.b_c:d-9'],
  [{ type: 'clienthello' }, 'client-clienthello'],
])('a message %j arrives as %s', async (message, type) => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using client = await connectRaw(broker.url);
  client.send(message);
  await backend.next();
  expect((await backend.next()).message).toEqual({ ...message, type });
});

test('a binary frame is taken when it holds the same text', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using client = await connectRaw(broker.url);
  client.sendBytes(Buffer.from('{"type":"hello","text":"é"}'));
  const { message } = await backend.next(({ message: { type } }) => type === 'client-hello');
  expect(message['text']).toBe('é');
});

test('headers carry an id of wskey and number without dots, a time stamp, and the attempt', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  const client = await connectRaw(broker.url);
  client.send({ type: 'one' });
  client.send({ type: 'two' });
  await client.close();
  const { connection } = await backend.next(({ message }) => message.type === 'session-disconnect');
  const wskey = String(connection['wskey']);
  expect(wskey).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(backend.events.map(({ id }) => id)).toEqual([1, 2, 3, 4].map((n) => `${wskey}-${n}`));
  for (const { headers, attempt } of backend.events) {
    expect(attempt).toBe(1);
    expect(headers['webhook-timestamp']).toMatch(/^\d{10}$/);
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1_000)).toBeLessThan(300);
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
  }
});

test("the backend's path, query, user and password are those of its URL", async () => {
  await using backend = await startFakeBackend();
  const url = new URL('deep/er/index.php?site=1&x=%20y', backend.url);
  url.username = 'us er';
  url.password = 'p:ä';
  await using broker = await startBroker({ backend: { url: url.href } });
  await using _ = await connectRaw(broker.url);
  const { path, headers } = await backend.next();
  expect(path).toBe('/deep/er/index.php?site=1&x=%20y');
  expect(headers.authorization).toBe(`Basic ${Buffer.from('us er:p:ä').toString('base64')}`);
});

test('a backend with a host name is reached whichever address it has', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: `http://localhost:${backend.port}/` } });
  await using _ = await connectRaw(broker.url);
  expect((await backend.next()).message.type).toBe('session-connect');
});

describe('a message that cannot be taken is answered with broker-error, not forwarded, and the socket stays open', () => {
  const deep = `{"type":"x","a":${'['.repeat(64)}${']'.repeat(64)}}`;
  test.each([
    ['text that is no JSON', 'hello', 'not-json'],
    ['an empty text', '', 'not-json'],
    ['a list', '[{"type":"x"}]', 'bad-message'],
    ['null', 'null', 'bad-message'],
    ['a number', '42', 'bad-message'],
    ['a string', '"hello"', 'bad-message'],
    ['a number as type', '{"type":5}', 'bad-message'],
    ['an empty type', '{"type":""}', 'bad-message'],
    ['null as type', '{"type":null}', 'bad-message'],
    ['a type with a space', '{"type":"a b"}', 'bad-message'],
    ['a type that is too long', `{"type":"${'x'.repeat(65)}"}`, 'bad-message'],
    ['a type with a line feed', '{"type":"a\\nb"}', 'bad-message'],
    ['65 levels', deep, 'bad-message'],
    ['20,000 levels', '['.repeat(20_000), 'bad-message'],
  ])('%s', async (_what, text, code) => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url } });
    await using client = await connectRaw(broker.url);
    client.send(text);
    client.send({ type: 'after' });
    expect(await client.next()).toEqual({ type: 'broker-error', code, text: expect.any(String) as string });
    await backend.next(({ message }) => message.type === 'client-after');
    expect(backend.events).toHaveLength(2);
  });

  test('bytes that are no UTF-8', async () => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url } });
    await using client = await connectRaw(broker.url);
    client.sendBytes(Buffer.from([0x7b, 0xff, 0x7d]));
    expect(await client.next()).toMatchObject({ type: 'broker-error', code: 'bad-message' });
    expect(client.isOpen).toBe(true);
  });
});

test('`__proto__` and `constructor` in a message reach no prototype', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url } });
  await using client = await connectRaw(broker.url);
  client.send(
    '{"type":"x","__proto__":{"polluted":1},"a":{"\\u005f_proto__":{"polluted":1}},"constructor":{"prototype":{"polluted":1}}}',
  );
  const { message } = await backend.next(({ message: { type } }) => type === 'client-x');
  expect(message).toEqual({ type: 'client-x', a: {}, constructor: { prototype: { polluted: 1 } } });
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test.each(['{"type":"a","type":"session-connect","type":"b"}', '{"type":"a","Type":"session-connect"}'])(
  'a duplicate `type` cannot make the broker and the backend read different types: %s is refused',
  async (text) => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url } });
    await using client = await connectRaw(broker.url);
    client.send(text);
    expect(await client.next()).toMatchObject({ type: 'broker-error', code: 'bad-message' });
    client.send({ type: 'after' });
    await backend.next(({ message }) => message.type === 'client-after');
    expect(backend.events).toHaveLength(2);
  },
);
