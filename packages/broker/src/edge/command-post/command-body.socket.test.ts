import { brokerStarter, connectRaw, connectTcp, postText } from '@wsbroker/testkit';
import { describe, expect, test, vi } from 'vitest';
import { Broker, type BrokerOptions } from '../../index.ts';

const startBroker = brokerStarter(Broker);
const maxCommandBytes = 2_048;

const start = (more: BrokerOptions = {}) =>
  startBroker({
    backend: { type: 'function', handle: () => [], allow: ['127.0.0.1'] },
    maxCommandBytes,
    ...more,
  });

const head = (...headers: string[]) =>
  `POST / HTTP/1.1\r\nHost: x\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`;
const json = 'Content-Type: application/json';

describe('content types', () => {
  test.each([
    ['application/json', '[]', 200],
    ['application/json; charset=utf-8', '[]', 200],
    ['APPLICATION/JSON', '[]', 200],
    ['application/x-www-form-urlencoded', 'data=%5B%5D', 200],
    ['application/x-www-form-urlencoded; charset=UTF-8', 'other=1&data=[]', 200],
    ['text/plain', '[]', 415],
    ['multipart/form-data; boundary=x', '--x--', 415],
    ['application/jsonp', '[]', 415],
    ['application/xml', '<a/>', 415],
    [';', 'data=[]', 200],
  ])('%s with %s is answered with %i', async (type, text, status) => {
    await using broker = await start();
    const { status: answered, body } = await postText(broker.httpUrl, text, {
      headers: { 'content-type': type },
    });
    expect(answered).toBe(status);
    expect(body).toEqual(
      status === 200 ? [] : { error: { code: 'bad-content-type', message: expect.any(String) as string } },
    );
  });

  test('none counts as a form', async () => {
    await using broker = await start();
    expect(await postText(broker.httpUrl, 'data=[]')).toMatchObject({ status: 200, body: [] });
  });
});

describe('a body that is no list is answered with 400, and says why', () => {
  test.each([
    ['application/json', '', 'not-json'],
    ['application/json', '{', 'not-json'],
    ['application/json', '[1,]', 'not-json'],
    ['application/json', '{"type":"close"}', 'bad-shape'],
    ['application/json', 'null', 'bad-shape'],
    ['application/json', '"[]"', 'bad-shape'],
    ['application/x-www-form-urlencoded', '', 'bad-shape'],
    ['application/x-www-form-urlencoded', 'message=[]', 'bad-shape'],
    ['application/x-www-form-urlencoded', 'data=', 'not-json'],
    ['application/x-www-form-urlencoded', 'data={}', 'bad-shape'],
    ['application/x-www-form-urlencoded', 'data=%', 'not-json'],
    ['application/x-www-form-urlencoded', 'data=[]&data=[{"type":"close"}]', 'bad-shape'],
  ])('%s: %s is %s', async (type, text, code) => {
    await using broker = await start();
    const { status, body } = await postText(broker.httpUrl, text, { headers: { 'content-type': type } });
    expect(status).toBe(400);
    expect(body).toEqual({ error: { code, message: expect.stringMatching(/.{15}/) as string } });
  });
});

test('a body of exactly the largest size is taken, one byte more is not', async () => {
  await using broker = await start();
  const headers = { 'content-type': 'application/json' };
  const fits = `[${' '.repeat(maxCommandBytes - 2)}]`;
  expect((await postText(broker.httpUrl, fits, { headers })).status).toBe(200);
  const { status, body } = await postText(broker.httpUrl, `${fits} `, { headers });
  expect(status).toBe(413);
  expect(body).toEqual({
    error: { code: 'too-large', message: expect.stringContaining('maxCommandBytes') as string },
  });
});

test('too large by its content-length is refused before a byte of the body', async () => {
  await using broker = await start();
  await using tcp = await connectTcp(broker.port);
  tcp.write(head(json, 'Content-Length: 10000000000'));
  await tcp.receiving(/^HTTP\/1\.1 413 .*"too-large"/s);
  await tcp.ended;
});

test('a denied peer is refused before a byte of the body', async () => {
  await using broker = await startBroker({
    backend: { type: 'function', handle: () => [], allow: ['10.0.0.1'] },
  });
  await using tcp = await connectTcp(broker.port);
  tcp.write(head(json, 'Content-Length: 10000000000'));
  await tcp.receiving(/^HTTP\/1\.1 403 .*"forbidden"/s);
  await tcp.ended;
});

test('a chunked body is refused as soon as it is too large, though it never ends', async () => {
  await using broker = await start();
  await using tcp = await connectTcp(broker.port);
  tcp.write(head(json, 'Transfer-Encoding: chunked'));
  tcp.write(`400\r\n${' '.repeat(1_024)}\r\n`);
  tcp.write(`401\r\n${' '.repeat(1_025)}\r\n`);
  await tcp.receiving(/^HTTP\/1\.1 413 .*"too-large"/s);
  await tcp.ended;
});

test('a sender that sends a large body before it reads still sees why it was refused', async () => {
  await using broker = await start();
  const body = ' '.repeat(4 * 1_024 * 1_024);
  for (let round = 0; round < 10; round += 1) {
    const headers = { 'content-type': 'application/json' };
    expect((await postText(broker.httpUrl, body, { headers })).status).toBe(413);
    const forwarded = { ...headers, 'x-forwarded-for': '1.2.3.4' };
    expect((await postText(broker.httpUrl, body, { headers: forwarded })).status).toBe(403);
  }
});

test('a chunked body within the limit is taken', async () => {
  await using broker = await start();
  await using tcp = await connectTcp(broker.port);
  tcp.write(head(json, 'Transfer-Encoding: chunked'));
  for (const part of ['[', '{"type":', '"list"}', ']'])
    tcp.write(`${part.length.toString(16)}\r\n${part}\r\n`);
  tcp.write('0\r\n\r\n');
  await tcp.receiving(/200 OK.*\r\n\r\n\[\[\]\]$/s);
});

test('what goes past the content-length is no body but a bad request', async () => {
  const seen = vi.fn<() => void>();
  await using broker = await start({ backendCommands: { seen } });
  await using tcp = await connectTcp(broker.port);
  tcp.write(`${head(json, 'Content-Length: 1')}[{"type":"seen"}]`);
  await tcp.receiving(/HTTP\/1\.1 400 /);
  await tcp.ended;
  expect(seen).not.toHaveBeenCalled();
});

test('a body that stays short of its content-length runs nothing', async () => {
  const seen = vi.fn<() => void>();
  await using broker = await start({ backendCommands: { seen } });
  await using tcp = await connectTcp(broker.port);
  tcp.write(`${head(json, 'Content-Length: 100')}[{"type":"seen"}]`);
  tcp.socket.end();
  await tcp.ended;
  expect(seen).not.toHaveBeenCalled();
});

test.each([
  ['both lengths', head(json, 'Content-Length: 2', 'Transfer-Encoding: chunked')],
  ['a length that is no number', head(json, 'Content-Length: two')],
  ['a negative length', head(json, 'Content-Length: -2')],
  ['two lengths', head(json, 'Content-Length: 2', 'Content-Length: 3')],
])('%s is a bad request', async (_what, text) => {
  await using broker = await start();
  await using tcp = await connectTcp(broker.port);
  tcp.write(`${text}[]`);
  await tcp.receiving(/^HTTP\/1\.1 400 /);
});

test('bodies that are aborted run nothing, and the broker goes on', async () => {
  const seen = vi.fn<() => void>();
  await using broker = await start({ backendCommands: { seen } });
  for (let round = 0; round < 20; round += 1) {
    await using tcp = await connectTcp(broker.port);
    tcp.write(`${head(json, 'Content-Length: 100')}[{"type":"seen"}`);
    if (round % 2 === 0) tcp.socket.resetAndDestroy();
  }
  await using client = await connectRaw(broker.url);
  expect(client.isOpen).toBe(true);
  expect(await postText(broker.httpUrl, 'data=[]')).toMatchObject({ status: 200 });
  expect(seen).not.toHaveBeenCalled();
});

test('a peer that goes away while its commands run ends nothing', async () => {
  const { promise: running, resolve: runs } = Promise.withResolvers<void>();
  const { promise: gone, resolve: goOn } = Promise.withResolvers<void>();
  await using broker = await start({
    backendCommands: {
      async slow() {
        runs();
        await gone;
        return 'x'.repeat(100_000);
      },
    },
  });
  const tcp = await connectTcp(broker.port);
  tcp.write(`${head(json, 'Content-Length: 17')}[{"type":"slow"}]`);
  await running;
  tcp.socket.resetAndDestroy();
  await tcp.closed;
  goOn();
  expect(await postText(broker.httpUrl, 'data=[]')).toMatchObject({ status: 200 });
});

test('a sender that asks first (100-continue) is told to go on, or why not', async () => {
  await using broker = await start();
  await using tcp = await connectTcp(broker.port);
  tcp.write(head(json, 'Content-Length: 2', 'Expect: 100-continue'));
  await tcp.receiving(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
  tcp.write('[]');
  await tcp.receiving(/HTTP\/1\.1 200 OK.*\[\]$/s);
});

test('requests in one packet are answered in their order', async () => {
  await using broker = await start();
  await using tcp = await connectTcp(broker.port);
  const post = (n: number) => {
    const text = `[{"type":"log","text":${n}}]`;
    return `${head(json, `Content-Length: ${text.length}`)}${text}`;
  };
  tcp.write([1, 2, 3].map(post).join(''));
  await tcp.receiving(/(\[null\].*){3}/s);
  const texts = broker.logs.entries.flatMap(({ fields }) => ('text' in fields ? [fields['text']] : []));
  expect(texts).toEqual([1, 2, 3]);
});
