import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { brokerStarter, connectRaw, postCommands, postText, startFakeBackend } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { Broker, type BrokerOptions } from '../../index.ts';

const startBroker = brokerStarter(Broker);
const list = [{ type: 'list' }];

const allowing = (allow: string[], more: BrokerOptions = {}) =>
  startBroker({ backend: { type: 'function', handle: () => [], allow }, ...more });

describe('the allow list', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1', 200],
    ['127.0.0.1', '127.0.0.2', 403],
    ['127.0.0.0/8', '127.9.8.7', 200],
    ['127.0.0.0/30', '127.0.0.3', 200],
    ['127.0.0.0/30', '127.0.0.4', 403],
    ['10.0.0.0/8', '127.0.0.1', 403],
    ['::ffff:127.0.0.1', '127.0.0.1', 200],
    ['::FFFF:127.0.0.0/104', '127.0.0.2', 200],
    ['::ffff:7f00:1', '127.0.0.1', 200],
    ['::1', '127.0.0.1', 403],
    ['0.0.0.0/0', '127.0.0.1', 200],
  ])('%s: a POST from %s is answered with %i', async (allow, localAddress, status) => {
    await using broker = await allowing([allow]);
    expect((await postCommands(broker.httpUrl, list, { localAddress })).status).toBe(status);
  });

  test.each([
    ['127.0.0.1', '127.0.0.1', 200],
    ['127.0.0.1', '[::1]', 403],
    ['::1', '[::1]', 200],
    ['::/64', '[::1]', 200],
    ['0:0:0:0:0:0:0:1', '[::1]', 200],
    ['::1', '127.0.0.1', 403],
    ['::ffff:7f00:1', '127.0.0.1', 200],
    ['::/0', '[::1]', 200],
  ])(
    '%s: a POST over %s to a broker that listens on both families is answered with %i',
    async (allow, host, status) => {
      await using broker = await allowing([allow], { host: '::' });
      expect((await postCommands(`http://${host}:${broker.port}/`, list)).status).toBe(status);
    },
  );

  test('an empty list, or none, refuses everyone with a clear body', async () => {
    for (const allow of [[], undefined]) {
      await using broker = await startBroker({
        backend: { type: 'function', handle: () => [], ...(allow && { allow }) },
      });
      const { status, body, headers } = await postCommands(broker.httpUrl, list);
      expect(status).toBe(403);
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      expect(body).toEqual({
        error: { code: 'forbidden', message: expect.stringContaining('backend.allow') as string },
      });
      await broker.logs.next(({ level, fields }) => level === 'warn' && fields['peer'] === '127.0.0.1');
    }
  });

  test('a broker without a backend refuses too', async () => {
    await using broker = await startBroker();
    expect((await postCommands(broker.httpUrl, list)).status).toBe(403);
  });

  test('without `allow`, events go out and answers are obeyed, and a refused command does nothing', async () => {
    await using backend = await startFakeBackend([{ type: 'send', message: { type: 'welcome' } }]);
    await using broker = await startBroker({ backend: { url: backend.url } });
    await using client = await connectRaw(broker.url);
    expect(await client.next()).toEqual({ type: 'welcome' });
    expect((await postCommands(broker.httpUrl, [{ type: 'close' }])).status).toBe(403);
    expect(client.isOpen).toBe(true);
  });
});

test.each([
  '::ffff:10.0.0.0/8',
  '127.0.0.1/33',
  '::1/129',
  '127.0.0.1/',
  '127.1',
  'localhost',
  '127.0.0.1/8/8',
  '/8',
])('an entry `%s` is a bad option', (entry) => {
  const backend = { type: 'function' as const, handle: () => [], allow: [entry] };
  expect(() => Broker({ port: 0, backend })).toThrow(
    expect.objectContaining({ code: 'bad-option' }) as Error,
  );
});

describe('what comes through a proxy or from a web page is refused, though the peer is allowed', () => {
  test.each([
    ['x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-for', ''],
    ['X-Forwarded-Host', 'example.com'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-port', '443'],
    ['x-forwarded-server', 'proxy'],
    ['x-real-ip', '127.0.0.1'],
    ['Forwarded', 'for=127.0.0.1'],
    ['via', '1.1 proxy'],
    ['origin', 'http://127.0.0.1'],
    ['origin', 'null'],
    ['origin', ''],
    ['sec-fetch-site', 'none'],
    ['sec-fetch-site', 'same-origin'],
  ])('%s: %s', async (name, value) => {
    await using broker = await allowing(['127.0.0.1']);
    await using client = await connectRaw(broker.url);
    const { status, body } = await postCommands(broker.httpUrl, [{ type: 'close' }], {
      headers: { [name]: value },
    });
    expect(status).toBe(403);
    expect(body).toMatchObject({ error: { code: 'forbidden' } });
    expect(client.isOpen).toBe(true);
  });

  test('the `fetch` of Node, which sends sec-fetch-mode, is no web page', async () => {
    await using broker = await allowing(['127.0.0.1']);
    const answer = await fetch(broker.httpUrl, {
      method: 'POST',
      body: JSON.stringify(list),
      headers: { 'content-type': 'application/json', connection: 'close' },
    });
    expect([answer.status, await answer.json()]).toEqual([200, [[]]]);
  });
});

describe('what is no command POST', () => {
  test('GET and HEAD say what this is', async () => {
    await using broker = await allowing(['127.0.0.1']);
    const got = await fetch(broker.httpUrl, { headers: { connection: 'close' } });
    expect([got.status, await got.text()]).toEqual([200, expect.stringContaining('wsbroker')]);
    const head = await fetch(broker.httpUrl, { method: 'HEAD', headers: { connection: 'close' } });
    expect(head.status).toBe(200);
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is not allowed', async (method) => {
    await using broker = await allowing(['127.0.0.1']);
    const answer = await fetch(broker.httpUrl, { method, headers: { connection: 'close' } });
    await answer.text();
    expect(answer.status).toBe(405);
  });

  test('with a `commandPath`, a POST to another path is none', async () => {
    await using broker = await allowing(['127.0.0.1'], { commandPath: '/commands' });
    expect((await postCommands(`${broker.httpUrl}commands`, list)).status).toBe(200);
    expect((await postCommands(broker.httpUrl, list)).status).toBe(405);
  });
});

test('results are JSON with a length, and the connection can be used again', async () => {
  await using broker = await allowing(['127.0.0.1']);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  for (let n = 0; n < 5; n += 1) {
    const outgoing = request(broker.httpUrl, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json' },
    });
    outgoing.end(JSON.stringify(list));
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    ports.add(response.socket.localPort);
    let text = '';
    for await (const chunk of response) text += String(chunk);
    expect([response.statusCode, text, response.headers['content-length']]).toEqual([200, '[[]]', '4']);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  }
  agent.destroy();
  expect(ports.size).toBe(1);
});

test('a refusal ends the connection, so that what was not read is not taken for the next request', async () => {
  await using broker = await allowing(['10.0.0.1']);
  const { headers } = await postCommands(broker.httpUrl, list);
  expect(headers['connection']).toBe('close');
});

test('commands POSTed at once by several all run, each list in its order', async () => {
  await using broker = await allowing(['127.0.0.1']);
  await using client = await connectRaw(broker.url);
  const posts = Array.from({ length: 20 }, (_, post) =>
    postCommands(
      broker.httpUrl,
      [0, 1, 2].map((n) => ({ type: 'send', message: { post, n } })),
      {
        encoding: post % 2 === 0 ? 'form' : 'json',
      },
    ),
  );
  for (const { body } of await Promise.all(posts))
    expect(body).toEqual([{ matched: 1 }, { matched: 1 }, { matched: 1 }]);
  for (let post = 0; post < 20; post += 1) {
    for (const n of [0, 1, 2])
      expect(await client.next((message) => message['post'] === post)).toEqual({ post, n });
  }
});

test('any path and query will do', async () => {
  await using broker = await allowing(['127.0.0.1']);
  expect((await postText(`${broker.httpUrl}any/path?x=1`, 'data=[]')).status).toBe(200);
});
