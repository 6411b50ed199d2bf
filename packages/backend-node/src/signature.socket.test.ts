import formbody from '@fastify/formbody';
import express from 'express';
import fastify from 'fastify';
import { createServer, type IncomingMessage } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { post } from '../test/post-event.ts';
import { listening, running, servers, type StartServer } from '../test/servers.ts';
import { newSecret, secret, signedEvent, type SignedRequest, wrongSecret } from '../test/signed.ts';
import { type Backend, createBackend } from './backend.ts';
import { memoryStore } from './memory-store.ts';
import type { Secret } from './secrets.ts';

/** A backend that counts what it was called for, and what it reported. */
const createCounting = (given: Secret = secret) => {
  const calls: string[] = [];
  const onError = vi.fn<(error: unknown) => void>();
  const backend = createBackend(
    {},
    {
      secret: given,
      onError,
      connect: () => void calls.push('connect'),
      onUnknown: (_ctx, { type }) => void calls.push(type),
      messages: {
        say: (ctx, { text }) => {
          calls.push('say');
          return ctx.log(String(text));
        },
      },
    },
  );
  return { backend, calls, onError };
};

const keepBytes = (request: IncomingMessage, _response: unknown, bytes: Buffer): void => {
  Object.assign(request, { rawBody: bytes });
};

/** Ways of mounting that keep the body as it came. */
const keeping: Record<string, StartServer> = {
  'Express behind parsers that keep rawBody': async (backend) =>
    running(
      await listening(
        createServer(
          express()
            .use(
              express.urlencoded({ extended: true, verify: keepBytes }),
              express.json({ verify: keepBytes }),
            )
            .post('/events', backend.nodeHandler),
        ),
      ),
    ),

  'Fastify with a parser that gives the bytes': async (backend) => {
    const app = fastify();
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes));
      scope.post<{ Body: Buffer }>('/events', async (request, reply) => {
        const answer = await backend.handle({ rawBody: request.body, headers: request.headers });
        return reply.code(answer.status).type(answer.contentType).send(answer.text);
      });
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return running(app.server);
  },
};
for (const name of [
  'node:http',
  'Express',
  'Express behind express.text',
  'Express behind express.raw',
  'Fastify with reply.hijack',
  'Hono',
]) {
  keeping[name] = servers[name] as StartServer;
}

const without = ({ body, headers }: SignedRequest, name: string): SignedRequest => {
  const { [name]: _left, ...others } = headers;
  return { body, headers: others };
};
const withHeader = (name: string, change: (value: string) => string): SignedRequest => {
  const { body, headers } = signedEvent();
  return { body, headers: { ...headers, [name]: change(headers[name] ?? '') } };
};

const forgeries: readonly (readonly [string, () => SignedRequest, RegExp])[] = [
  ['unsigned', () => without(signedEvent(), 'webhook-signature'), /not signed/],
  ['without an id', () => without(signedEvent(), 'webhook-id'), /not signed/],
  ['without a timestamp', () => without(signedEvent(), 'webhook-timestamp'), /not signed/],
  ['stale', () => signedEvent({ secondsAhead: -350 }), /3\d\d seconds behind .* at most 300/],
  ['of the future', () => signedEvent({ secondsAhead: 350 }), /3\d\d seconds ahead .* at most 300/],
  ['signed with another secret', () => signedEvent({ secret: wrongSecret }), /not of this body/],
  ['given another id', () => withHeader('webhook-id', () => 'k1-2'), /not of this body/],
  ['given an id with a dot', () => withHeader('webhook-id', () => 'k1.1'), /without a dot/],
  [
    'given another time',
    () => withHeader('webhook-timestamp', (time) => String(Number(time) - 1)),
    /not of this body/,
  ],
  [
    'given a signature cut short',
    () => withHeader('webhook-signature', (text) => text.slice(0, 20)),
    /not of/,
  ],
  [
    'given a signature of another version',
    () => withHeader('webhook-signature', (text) => text.replace('v1,', 'v1a,')),
    /not of this body/,
  ],
  ['changed', () => ({ ...signedEvent(), body: signedEvent().body.replace('gr', 'rg') }), /not of this body/],
  ['cut short', () => ({ ...signedEvent(), body: signedEvent().body.slice(0, -1) }), /not of this body/],
  ['emptied', () => ({ ...signedEvent(), body: '' }), /not of this body/],
  ['of another content', () => ({ ...signedEvent({ encoding: 'json' }), body: '[]' }), /not of this body/],
];

describe.each(Object.entries(keeping))('%s', (_name, start) => {
  test.each(['form', 'json'] as const)('takes an event that is signed, as %s', async (encoding) => {
    const { backend, calls } = createCounting();
    await using server = await start(backend);
    const { body, headers } = signedEvent({ encoding });
    expect(await post(server.url, body, headers)).toMatchObject({
      status: 200,
      body: [{ type: 'log', text: 'grüß dich 👋 & + %20' }],
    });
    expect(calls).toEqual(['say']);
  });

  test('refuses every forged one, says why, and calls no handler', async () => {
    const { backend, calls, onError } = createCounting();
    await using server = await start(backend);
    for (const [how, forged, why] of forgeries) {
      const { body, headers } = forged();
      const refused = await post(server.url, body, headers);
      expect(refused, how).toMatchObject({
        status: 401,
        body: { error: { code: 'bad-signature', message: expect.stringMatching(why) as string } },
      });
      expect(JSON.stringify(refused)).not.toContain(secret);
    }
    expect(calls).toEqual([]);
    expect(onError).not.toHaveBeenCalled();
  });

  test('takes events of either secret while one takes over', async () => {
    const { backend, calls } = createCounting([newSecret, secret]);
    await using server = await start(backend);
    const old = signedEvent({ secret });
    const both = signedEvent({ secret: newSecret });
    both.headers['webhook-signature'] += ` ${old.headers['webhook-signature']}`;
    for (const { body, headers } of [old, both, signedEvent({ secret: newSecret })]) {
      expect(await post(server.url, body, headers)).toMatchObject({ status: 200 });
    }
    const { body, headers } = signedEvent({ secret: wrongSecret });
    expect(await post(server.url, body, headers)).toMatchObject({ status: 401 });
    expect(calls).toEqual(['say', 'say', 'say']);
  });
});

describe.each(['Express behind express.urlencoded and express.json', 'Fastify with @fastify/formbody'])(
  '%s',
  (name) => {
    test.each(['form', 'json'] as const)(
      'has not the body as it came: refused with how to keep it, as %s',
      async (encoding) => {
        const { backend, calls, onError } = createCounting();
        await using server = await (servers[name] as StartServer)(backend);
        const { body, headers } = signedEvent({ encoding });
        expect(await post(server.url, body, headers)).toMatchObject({
          status: 500,
          body: {
            error: {
              code: 'body-already-read',
              message: expect.stringMatching(/request\.rawBody.*rawBody/) as string,
            },
          },
        });
        expect(calls).toEqual([]);
        expect(onError).toHaveBeenCalledWith(
          expect.objectContaining({ code: 'body-already-read' }),
          undefined,
        );
      },
    );
  },
);

test('what is read is what was verified, whatever a parser has made of it', async () => {
  const { backend, calls } = createCounting();
  const { body, headers } = signedEvent();
  const answer = await backend.handle({
    rawBody: body,
    headers,
    message: { type: 'session-connect' },
    connection: { wskey: 'k1' },
  });
  expect(JSON.parse(answer.text)).toEqual([{ type: 'log', text: 'grüß dich 👋 & + %20' }]);
  expect(calls).toEqual(['say']);
});

test('handle takes the bytes or their text, and needs them', async () => {
  const { backend } = createCounting();
  const { body, headers } = signedEvent();
  for (const rawBody of [body, Buffer.from(body), new TextEncoder().encode(body)]) {
    expect(await backend.handle({ rawBody, headers })).toMatchObject({ status: 200 });
  }
  const fields = { message: { type: 'client-say', text: 'x' }, connection: { wskey: 'k1' } };
  expect(await backend.handle({ ...fields, headers })).toMatchObject({ status: 500 });
  expect(await backend.handle(fields)).toMatchObject({ status: 500 });
  expect(
    await backend.handle({ rawBody: body, headers: { ...headers, 'webhook-id': ['k1-1', 'k1-1'] } }),
  ).toMatchObject({
    status: 401,
  });
});

test('P100: an event that comes again is handled again, and with dedupe answered as the first time', async () => {
  const { backend, calls } = createCounting();
  const { body, headers } = signedEvent();
  await backend.handle({ rawBody: body, headers });
  await backend.handle({ rawBody: body, headers });
  expect(calls).toEqual(['say', 'say']);

  let handled = 0;
  const once = createBackend(
    {},
    {
      secret,
      dedupe: memoryStore(),
      messages: { say: (ctx) => ctx.log(String((handled += 1))) },
    },
  );
  // A retry: the same id, another time and signature. And a recording of the first.
  for (const request of [signedEvent(), signedEvent({ secondsAhead: 5, attempt: 2 }), { body, headers }]) {
    const answer = await once.handle({ rawBody: request.body, headers: request.headers });
    expect(answer).toMatchObject({ status: 200, text: '[{"type":"log","text":"1"}]' });
  }
  // What is forged does not even get the answer of the first time.
  const forged = signedEvent({ secret: wrongSecret });
  expect(await once.handle({ rawBody: forged.body, headers: forged.headers })).toMatchObject({ status: 401 });
  expect(handled).toBe(1);
});

test('a web page is refused before its signature is looked at', async () => {
  const { backend } = createCounting();
  const { body, headers } = signedEvent();
  const fromPage = { ...headers, origin: 'http://127.0.0.1' };
  expect(await backend.handle({ rawBody: body, headers: fromPage })).toMatchObject({ status: 403 });
});

test('without a secret signatures are not looked at, and rawBody will do', async () => {
  const calls: string[] = [];
  const backend: Backend = createBackend({}, { messages: { say: () => void calls.push('say') } });
  for (const [, forged] of forgeries.slice(0, 8)) {
    const { body, headers } = forged();
    expect(await backend.handle({ rawBody: body, headers })).toMatchObject({ status: 200 });
  }
  expect(calls).toHaveLength(8);
});

test('a body that is too large is refused as before', async () => {
  const backend = createBackend({}, { secret, maxBodyBytes: 100 });
  await using server = await (servers['node:http'] as StartServer)(backend);
  const { body, headers } = signedEvent({ message: { type: 'client-say', text: 'x'.repeat(300) } });
  expect(await post(server.url, body, headers)).toMatchObject({ status: 413 });
});

test.each([
  ['undefined, as a variable that is not set is', undefined],
  ['an empty list', []],
  ['empty', ''],
  ['too short', 'whsec_c2hvcnQ='],
  ['one of two', [secret, 'whsec_c2hvcnQ=']],
])('a secret that is %s throws, and is not shown', (_how, bad) => {
  let error: unknown;
  try {
    createBackend({}, { secret: bad as unknown as string });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(TypeError);
  expect((error as TypeError).message).toMatch(/secret is .*expected.*whsec_/s);
  expect((error as TypeError).message).not.toContain('c2hvcnQ');
});

test('the parser of the README keeps the bytes in Fastify, beside others of the application', async () => {
  const { backend } = createCounting();
  const app = fastify();
  await app.register(formbody);
  app.post('/other', (request, reply) => reply.send(request.body));
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes));
    scope.post<{ Body: Buffer }>('/events', async (request, reply) => {
      const answer = await backend.handle({ rawBody: request.body, headers: request.headers });
      return reply.code(answer.status).type(answer.contentType).send(answer.text);
    });
  });
  await using _ = { [Symbol.asyncDispose]: () => app.close() };
  const { body, headers } = signedEvent();
  const event = await app.inject({ method: 'POST', url: '/events', payload: body, headers });
  expect(event.statusCode).toBe(200);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const other = await app.inject({ method: 'POST', url: '/other', payload: 'a=1', headers: form });
  expect(other.json()).toEqual({ a: '1' });
});
