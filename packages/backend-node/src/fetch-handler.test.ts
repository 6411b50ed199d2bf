import { encodeNotification } from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { createBackend } from './backend.ts';

const url = 'http://127.0.0.1/events';
const notification = { message: { type: 'client-say', text: 'grüß dich 👋' }, connection: { wskey: 'k1' } };

const echo = createBackend({}, { messages: { say: (ctx, message) => ctx.log(String(message['text'])) } });

const postOf = (body: NonNullable<RequestInit['body']>, contentType?: string): Request =>
  new Request(url, {
    method: 'POST',
    body,
    duplex: 'half',
    headers: contentType === undefined ? {} : { 'content-type': contentType },
  });

/** A body that comes in chunks of one size, wherever that cuts. */
const inChunks = (text: string, chunkBytes: number): ReadableStream<Uint8Array> => {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + chunkBytes));
      at += chunkBytes;
    },
  });
};

test.each(['form', 'json'] as const)('answers a %s body with commands', async (encoding) => {
  const { contentType, text } = encodeNotification(encoding, notification);
  const response = await echo.fetch(postOf(text, `${contentType}; charset=utf-8`));
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual([{ type: 'log', text: 'grüß dich 👋' }]);
});

test('reads any message as it was, however its body is cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('form', 'json'),
      fc.integer({ min: 1, max: 7 }),
      async (said, encoding, chunkBytes) => {
        const { contentType, text } = encodeNotification(encoding, {
          ...notification,
          message: { type: 'client-say', text: said },
        });
        const response = await echo.fetch(postOf(inChunks(text, chunkBytes), contentType));
        expect(await response.json()).toEqual([{ type: 'log', text: said }]);
      },
    ),
  );
});

test('answers any body with commands, or with an error that has a code', async () => {
  const contentTypes = ['application/json', 'application/x-www-form-urlencoded', 'text/html', ''];
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array(),
        fc.string(),
        fc.json(),
        fc.json().map((json) => `message=${json}&connection=${json}`),
      ),
      fc.constantFrom(...contentTypes),
      async (body, contentType) => {
        const response = await echo.fetch(postOf(body as string, contentType));
        expect([200, 400, 415, 422]).toContain(response.status);
        if (response.status !== 200) {
          expect(await response.json()).toEqual({
            error: { code: expect.any(String) as string, message: expect.any(String) as string },
          });
        }
      },
    ),
  );
});

test('answers 415 to another content type', async () => {
  const response = await echo.fetch(postOf('<p>', 'text/html'));
  expect(response.status).toBe(415);
  expect(await response.json()).toMatchObject({ error: { code: 'bad-content-type' } });
});

test.each(['GET', 'PUT', 'DELETE'])('answers 405 to %s', async (method) => {
  const response = await echo.fetch(new Request(url, { method }));
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('POST');
  expect(await response.json()).toEqual({
    error: {
      code: 'bad-method',
      message: `The method is ${method}: expected POST, which is how a broker delivers events`,
    },
  });
});

test('answers 400 to a POST without a body', async () => {
  const response = await echo.fetch(new Request(url, { method: 'POST' }));
  expect(response.status).toBe(400);
});

test('answers 413 to a body over maxBodyBytes, and stops reading it', async () => {
  const backend = createBackend({}, { maxBodyBytes: 10 });
  const cancelled = vi.fn<(...args: unknown[]) => void>();
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(4)),
    cancel: cancelled,
  });
  const response = await backend.fetch(postOf(endless, 'application/json'));
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ error: { code: 'too-large' } });
  expect(cancelled).toHaveBeenCalledOnce();
});

test('answers 413 to a content-length over maxBodyBytes without reading', async () => {
  const backend = createBackend({}, { maxBodyBytes: 10 });
  const request = new Request(url, { method: 'POST', body: '[]', headers: { 'content-length': '11' } });
  expect((await backend.fetch(request)).status).toBe(413);
  expect(request.bodyUsed).toBe(false);
});

test('takes a body of just maxBodyBytes', async () => {
  const { contentType, text } = encodeNotification('json', notification);
  const bytes = new TextEncoder().encode(text).length;
  const status = async (maxBodyBytes: number): Promise<number> =>
    (await createBackend({}, { maxBodyBytes }).fetch(postOf(text, contentType))).status;
  expect(await status(bytes)).toBe(200);
  expect(await status(bytes - 1)).toBe(413);
});

test('answers 400 when the body breaks off', async () => {
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error('connection reset')),
  });
  expect((await echo.fetch(postOf(broken, 'application/json'))).status).toBe(400);
});

test('says so when the body was read before', async () => {
  const onError = vi.fn<(...args: unknown[]) => void>();
  const request = postOf('{}', 'application/json');
  await request.text();
  const response = await createBackend({}, { onError }).fetch(request);
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ error: { code: 'body-already-read' } });
  expect(onError).toHaveBeenCalledOnce();
});

test('works when taken off the backend', async () => {
  const { fetch } = echo;
  expect((await fetch(new Request(url))).status).toBe(405);
});
