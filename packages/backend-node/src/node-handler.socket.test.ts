import { encodeNotification } from '@wsbroker/protocol';
import express from 'express';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { post, postEvent } from '../test/post-event.ts';
import { listening, running, type RunningServer } from '../test/servers.ts';
import { createBackend } from './backend.ts';

const serve = async (listener: RequestListener): Promise<RunningServer> =>
  running(await listening(createServer(listener)));

const say = { type: 'client-say', text: 'grüß dich 👋' };
const json = { 'content-type': 'application/json' };
const echo = createBackend({}, { messages: { say: (ctx, message) => ctx.log(String(message['text'])) } });
const echoed = [{ type: 'log', text: say.text }];

/** A TCP connection on which a request is written by hand. */
const dial = async (url: string): Promise<Socket> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
};

const head = (length: number): string =>
  `POST /events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

test('puts a character together that lies across two chunks', async () => {
  await using server = await serve(echo.nodeHandler);
  const { text } = encodeNotification('json', { message: say, connection: { wskey: 'k1' } });
  const bytes = Buffer.from(text);
  const socket = await dial(server.url);
  socket.setNoDelay(true);
  socket.write(head(bytes.length));
  for (const byte of bytes) {
    socket.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  expect(answer.toString()).toContain(JSON.stringify(echoed));
});

test.each(['GET', 'PUT', 'OPTIONS'])('answers 405 to %s', async (method) => {
  await using server = await serve(echo.nodeHandler);
  const response = await fetch(server.url, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('POST');
  expect(await response.json()).toMatchObject({ error: { code: 'bad-method' } });
});

test.each([
  ['an empty body', '', json, 400, 'not-json'],
  ['no JSON', '{', json, 400, 'not-json'],
  ['JSON of another shape', '[]', json, 400, 'bad-shape'],
  ['a form without fields', 'x=1', { 'content-type': 'application/x-www-form-urlencoded' }, 400, 'bad-shape'],
  ['another content type', '<p>', { 'content-type': 'text/html' }, 415, 'bad-content-type'],
])('answers %s with a clear error', async (_what, body, headers, status, code) => {
  await using server = await serve(echo.nodeHandler);
  expect(await post(server.url, body, headers)).toMatchObject({
    status,
    contentType: 'application/json',
    body: { error: { code, message: expect.any(String) as string } },
  });
});

test('answers 413 to a declared length over maxBodyBytes, and serves the next request', async () => {
  await using server = await serve(createBackend({}, { maxBodyBytes: 1_000 }).nodeHandler);
  const answer = await post(server.url, 'x'.repeat(200_000), json);
  expect(answer).toMatchObject({ status: 413, body: { error: { code: 'too-large' } } });
  expect((await postEvent(server.url, { message: say })).status).toBe(200);
});

test('answers 413 to a body over maxBodyBytes that did not declare its length', async () => {
  await using server = await serve(createBackend({}, { maxBodyBytes: 1_000 }).nodeHandler);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < 50; at += 1) controller.enqueue(new Uint8Array(1_000));
      controller.close();
    },
  });
  const response = await fetch(server.url, { method: 'POST', body, duplex: 'half', headers: json });
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ error: { code: 'too-large' } });
});

test('takes 1 MiB by default', async () => {
  await using server = await serve(echo.nodeHandler);
  const text = 'x'.repeat(1_000_000);
  const answer = await postEvent(server.url, { message: { ...say, text }, encoding: 'json' });
  expect(answer).toMatchObject({ status: 200, body: [{ type: 'log', text }] });
});

test('survives a broker that goes away in the middle of the body', async () => {
  const handler = vi.fn<(...args: unknown[]) => void>();
  await using server = await serve(createBackend({}, { messages: { say: handler } }).nodeHandler);
  const socket = await dial(server.url);
  socket.write(`${head(1_000)}{"message":`);
  await new Promise(setImmediate);
  socket.resetAndDestroy();
  await once(socket, 'close');
  expect((await postEvent(server.url, { message: say })).status).toBe(200);
  expect(handler).toHaveBeenCalledOnce();
});

test('survives a broker that goes away while the handler runs, and reports nothing', async () => {
  const onError = vi.fn<(...args: unknown[]) => void>();
  const closed = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const ended = vi.fn<(...args: unknown[]) => void>();
  const backend = createBackend(
    {},
    {
      onError,
      messages: {
        async say(ctx, message) {
          if (message['wait'] === true) {
            started.resolve();
            await closed.promise;
            ended();
          }
          return ctx.log('done');
        },
      },
    },
  );
  await using server = await serve((request, response) => {
    response.on('close', () => closed.resolve());
    backend.nodeHandler(request, response);
  });
  const { text } = encodeNotification('json', {
    message: { ...say, wait: true },
    connection: { wskey: 'k1' },
  });
  const socket = await dial(server.url);
  socket.write(head(Buffer.byteLength(text)) + text);
  await started.promise;
  socket.resetAndDestroy();
  await closed.promise;
  expect(await postEvent(server.url, { message: say })).toMatchObject({
    status: 200,
    body: [{ type: 'log', text: 'done' }],
  });
  expect(ended).toHaveBeenCalledOnce();
  expect(onError).not.toHaveBeenCalled();
});

test('leaves a response alone that something else has answered', async () => {
  const onError = vi.fn<(...args: unknown[]) => void>();
  const backend = createBackend({}, { onError });
  const app = express().use((request, response, next) => {
    response.send('too slow');
    next();
  }, backend.nodeHandler);
  await using server = running(await listening(createServer(app)));
  const response = await fetch(server.url, { method: 'POST', headers: json, body: '{}' });
  expect(await response.text()).toBe('too slow');
  expect(onError).not.toHaveBeenCalled();
});

test('says so when the body was read before and nothing was left', async () => {
  const onError = vi.fn<(...args: unknown[]) => void>();
  const backend = createBackend({}, { onError });
  await using server = await serve((request, response) => {
    request.resume().on('end', () => backend.nodeHandler(request, response));
  });
  expect(await postEvent(server.url, { message: say })).toMatchObject({
    status: 500,
    body: { error: { code: 'body-already-read' } },
  });
  expect(onError).toHaveBeenCalledOnce();
});

test('reads the body itself where a parser has left an empty one without reading', async () => {
  await using server = await serve((request: IncomingMessage & { body?: unknown }, response) => {
    request.body = {};
    echo.nodeHandler(request, response);
  });
  expect((await postEvent(server.url, { message: say })).body).toEqual(echoed);
});

test('answers 400 to a body that a parser has read and that is no notification', async () => {
  const app = express().use(express.json()).post('/events', echo.nodeHandler);
  await using server = running(await listening(createServer(app)));
  for (const body of ['[1]', '{"message":7,"connection":{}}', '{}']) {
    expect(await post(server.url, body, json)).toMatchObject({
      status: 400,
      body: { error: { code: 'bad-shape' } },
    });
  }
});
