import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Answer as FakeAnswer, startFakeBackend } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { httpBackendSchema } from '../options.ts';
import type { Posted } from './http-exchange.ts';
import { HttpPoster } from './http-poster.ts';

const posterOf = (url: string, more: object = {}) => {
  const poster = new HttpPoster(httpBackendSchema.parse({ url, ...more }));
  return Object.assign(poster, { [Symbol.asyncDispose]: () => poster.close() });
};

const open = (): AbortSignal => new AbortController().signal;
const postOf = (type: string) => ({
  headers: ['content-type', 'application/json'],
  body: JSON.stringify({ message: { type }, connection: {} }),
});
const post = postOf('client-say');

/** A server whose answers are written by hand. */
const startServer = async (answer: (socket: Socket, connection: number) => void) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const connection = connections;
    socket.on('error', () => undefined);
    socket.on('data', () => answer(socket, connection));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};

const statusOf = (posted: Posted): number | string =>
  posted.outcome === 'answered' ? posted.status : posted.outcome;

test('gives status, headers and text, and uses the connection again', async () => {
  await using server = await startServer((socket, connection) =>
    socket.write(`HTTP/1.1 201 Created\r\nx-of: ${connection}\r\ncontent-length: 3\r\n\r\n\u{e9}t`),
  );
  await using poster = posterOf(server.url);
  for (let n = 0; n < 3; n += 1) {
    const posted = await poster.post(post, open());
    expect(posted).toMatchObject({
      outcome: 'answered',
      status: 201,
      text: '\u{e9}t',
      headers: { 'x-of': '1' },
    });
    // A socket is free again one turn after its answer.
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(server.connections).toBe(1);
});

test('takes an answer that comes in pieces, cut within a character, and after another of the kind 103', async () => {
  const text = '"\u{1f600}\u{e9}"';
  const bytes = Buffer.from(text);
  const head = `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n\r\n`;
  const sendPieces = async (socket: Socket): Promise<void> => {
    for (const piece of [Buffer.from(head), bytes.subarray(0, 3), bytes.subarray(3)]) {
      await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await using server = await startServer((socket) => void sendPieces(socket));
  await using poster = posterOf(server.url);
  expect(await poster.post(post, open())).toMatchObject({ outcome: 'answered', status: 200, text });
});

describe('the body of a failure', () => {
  const failing = (bytes: number, sent = bytes) =>
    startServer((socket) =>
      socket.write(`HTTP/1.1 500 No\r\ncontent-length: ${bytes}\r\n\r\n${'x'.repeat(sent)}`),
    );

  test.each([
    ['is read to its end, so that the connection can be used again', 60_000, 1],
    ['is cut off where it is long, and the connection with it', 100_000, 2],
  ])('%s', async (_what, bytes, connections) => {
    await using server = await failing(bytes);
    await using poster = posterOf(server.url);
    for (let n = 0; n < 2; n += 1) {
      expect(await poster.post(post, open())).toMatchObject({ status: 500, text: undefined });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.connections).toBe(connections);
  });

  test('changes nothing about the status when it breaks off', async () => {
    await using server = await startServer((socket) =>
      socket.end('HTTP/1.1 422 No\r\ncontent-length: 100\r\n\r\nhalf'),
    );
    await using poster = posterOf(server.url);
    expect(statusOf(await poster.post(post, open()))).toBe(422);
  });
});

test('an answer larger than it may be is one without a text', async () => {
  await using backend = await startFakeBackend({ body: 'x'.repeat(2_000) });
  await using poster = posterOf(backend.url, { maxAnswerBytes: 1_024 });
  expect(await poster.post(post, open())).toMatchObject({ status: 200, text: undefined });
});

test('each request has its own time, counted from when it was asked for', async () => {
  let isFirst = true;
  await using backend = await startFakeBackend((): FakeAnswer => {
    if (!isFirst) return 'hang';
    isFirst = false;
    return [];
  });
  await using poster = posterOf(backend.url, { timeoutMs: 400 });
  const ends: string[] = [];
  const noted = async (name: string) => {
    const posted = await poster.post(post, open());
    ends.push(`${name} ${String(statusOf(posted))}`);
  };
  await noted('first');
  const second = noted('second');
  await new Promise((resolve) => setTimeout(resolve, 200));
  await Promise.all([second, noted('third')]);
  expect(ends).toEqual(['first 200', 'second late', 'third late']);
});

test('a request that never got a connection is late in time, and is not sent any more', async () => {
  await using backend = await startFakeBackend('hang');
  await using poster = posterOf(backend.url, { timeoutMs: 300, maxRequests: 1 });
  const running = [1, 2].map(() => poster.post(post, open()));
  const waiting = poster.post(postOf('client-too-late'), open());
  expect((await Promise.all([...running, waiting])).map(statusOf)).toEqual(['late', 'late', 'late']);
  expect(statusOf(await poster.post(post, open()))).toBe('late');
  expect(backend.events.map(({ message }) => message.type)).toEqual(Array(3).fill('client-say'));
});

test('a signal breaks off the requests that came with it, and no others', async () => {
  await using backend = await startFakeBackend('hang');
  await using poster = posterOf(backend.url, { timeoutMs: 1_000 });
  const abort = new AbortController();
  const mine = [1, 2, 3].map(() => poster.post(post, abort.signal));
  const others = poster.post(post, open());
  abort.abort();
  for (const posted of await Promise.all(mine)) {
    expect(posted).toMatchObject({ outcome: 'failed', error: { name: 'AbortError' } });
  }
  expect(statusOf(await poster.post(post, abort.signal))).toBe('failed');
  expect(statusOf(await others)).toBe('late');
});

test('what still runs when it is closed has failed', async () => {
  await using backend = await startFakeBackend('hang');
  const poster = posterOf(backend.url);
  const running = poster.post(post, open());
  await poster.close();
  expect(statusOf(await running)).toBe('failed');
  expect(statusOf(await poster.post(post, open()))).toBe('failed');
});
