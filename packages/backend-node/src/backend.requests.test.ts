import { defineContract } from '@wsbroker/protocol';
import { expect, test, vi } from 'vitest';
import * as z from 'zod';
import type { Answer } from './answer.ts';
import { RejectEvent } from './backend-error.ts';
import { createBackend } from './backend.ts';
import { reply } from './command.ts';
import type { BackendHandlers } from './handlers.ts';

const library = defineContract({
  clientMessages: { say: z.object({ text: z.string() }) },
  requests: {
    history: {
      request: z.object({ room: z.string(), limit: z.int().default(20) }),
      reply: z.object({ lines: z.array(z.string()), more: z.boolean().default(false) }),
    },
  },
  session: z.object({ seen: z.string() }),
});
type Library = typeof library;

const libraryBackend = (
  history: BackendHandlers<Library>['requests']['history'],
  options: Partial<BackendHandlers<Library>> = {},
) =>
  createBackend(library, {
    onError: () => {},
    ...options,
    messages: { say: () => {} },
    requests: { history },
  });

const connection = { ip: '127.0.0.1', wskey: 'k1' };
const event = (message: object, request?: string) => ({
  message,
  connection,
  headers: request === undefined ? {} : { 'wsbroker-request': request },
});
const ask = event({ type: 'client-history', room: 'lobby' }, '7');

const commandsOf = (answer: Answer): unknown => JSON.parse(answer.text);
const badMessage = (text: unknown) => [
  { type: 'send', message: { type: 'broker-error', code: 'bad-message', text } },
];

test('a request gets its number and the output of its validator, and is answered with a reply', async () => {
  const history = vi.fn<BackendHandlers<Library>['requests']['history']>((ctx, { room }) =>
    ctx.reply({ lines: [`in ${room}`] }),
  );
  const answer = await libraryBackend(history).handle(ask);
  expect(answer.status).toBe(200);
  // As the handler gave it: the validator's default is not put in.
  expect(commandsOf(answer)).toEqual([{ type: 'reply', message: { lines: ['in lobby'] } }]);
  expect(history.mock.calls[0]?.[0].event).toMatchObject({ type: 'client-history', request: 7 });
  expect(history.mock.calls[0]?.[1]).toEqual({ type: 'history', room: 'lobby', limit: 20 });
});

test('a reply goes together with other commands, now or later', async () => {
  const backend = libraryBackend(async (ctx) =>
    Promise.resolve([ctx.session({ seen: 'lobby' }), ctx.reply({ lines: [] })]),
  );
  expect(commandsOf(await backend.handle(ask))).toEqual([
    { type: 'session', data: { seen: 'lobby' } },
    { type: 'reply', message: { lines: [] } },
  ]);
});

test('a request that is not valid calls no handler, and says why to its client', async () => {
  const history = vi.fn<() => never>();
  const answer = await libraryBackend(history).handle(event({ type: 'client-history', room: 7 }, '0'));
  expect(commandsOf(answer)).toEqual(
    badMessage(expect.stringMatching(/^history is not valid: room: .*expected string/i)),
  );
  expect(history).not.toHaveBeenCalled();
});

test('a request whose handler throws a RejectEvent is answered 422', async () => {
  const answer = await libraryBackend(() => {
    throw new RejectEvent('the archive is closed');
  }).handle(ask);
  expect(answer).toMatchObject({
    status: 422,
    text: expect.stringContaining('the archive is closed') as string,
  });
});

test.each([
  ['no reply', [], 'requests.history answered with 0 replies'],
  ['nothing', undefined, 'requests.history answered with 0 replies'],
  ['two replies', [reply({ lines: [] }), reply({ lines: [] })], 'requests.history answered with 2 replies'],
  ['the reply without ctx.reply', { lines: [] }, 'requests.history answered with no command'],
  [
    'a reply that is not what the contract says',
    reply({ lines: 7 }),
    'requests.history: the reply is not valid: lines:',
  ],
])('a request whose handler answers with %s is answered 500', async (_what, result, text) => {
  const onError = vi.fn<(...args: unknown[]) => void>();
  const answer = await libraryBackend(() => result as never, { onError }).handle(ask);
  expect(answer.status).toBe(500);
  expect(String(onError.mock.calls[0]?.[0])).toContain(text);
});

test('a type is told apart from the same type of the other kind by how it came', async () => {
  const schema = z.object({});
  const both = defineContract({
    clientMessages: { ping: schema },
    requests: { ping: { request: schema, reply: schema } },
  });
  const backend = createBackend(both, {
    messages: { ping: (ctx) => ctx.log('message') },
    requests: { ping: (ctx) => ctx.reply({}) },
  });
  expect(commandsOf(await backend.handle(event({ type: 'client-ping' })))).toEqual([
    { type: 'log', text: 'message' },
  ]);
  expect(commandsOf(await backend.handle(event({ type: 'client-ping' }, '1')))).toEqual([
    { type: 'reply', message: {} },
  ]);
});

test('what came as the wrong kind is told so', async () => {
  const history = vi.fn<() => never>();
  const onUnknown = vi.fn<() => void>();
  const backend = libraryBackend(history, { onUnknown });
  expect(commandsOf(await backend.handle(event({ type: 'client-history', room: 'x' })))).toEqual(
    badMessage('history is a request, and came as a message: ask with client.request()'),
  );
  expect(commandsOf(await backend.handle(event({ type: 'client-say', text: 'x' }, '3')))).toEqual(
    badMessage('say is a message, and came as a request: send it with client.send()'),
  );
  expect(history).not.toHaveBeenCalled();
  expect(onUnknown).not.toHaveBeenCalled();
});

test('a request of an unknown type is told which are known, or goes to onUnknown, which may reply', async () => {
  const unknown = event({ type: 'client-weather', city: 'Oslo' }, '2');
  const history = (): never => {
    throw new Error('not called');
  };
  expect(commandsOf(await libraryBackend(history).handle(unknown))).toEqual(
    badMessage('weather is not known here: expected one of history'),
  );
  const backend = libraryBackend(history, {
    onUnknown: (ctx, message) => (ctx.event.request === 2 ? reply({ city: message['city'] }) : undefined),
  });
  expect(commandsOf(await backend.handle(unknown))).toEqual([{ type: 'reply', message: { city: 'Oslo' } }]);
  expect(commandsOf(await createBackend({}, {}).handle(unknown))).toEqual(
    badMessage('weather is not known here: expected no request at all'),
  );
});

test('without requests in the contract any request is taken, unchecked, and any reply given', async () => {
  const backend = createBackend(
    {},
    { onError: () => {}, requests: { sum: (ctx, request) => ctx.reply(request['numbers']) } },
  );
  const asked = event({ type: 'client-sum', numbers: [1, 2] }, '1');
  expect(commandsOf(await backend.handle(asked))).toEqual([{ type: 'reply', message: [1, 2] }]);
  expect((await backend.handle(event({ type: 'client-sum' }, '1'))).status).toBe(500);
});

test.each(['x', '-1', '1.5', '', '99999999999999999999'])('a request number %j is none', async (number) => {
  const answer = await libraryBackend((ctx) => ctx.reply({ lines: [] })).handle(
    event({ type: 'client-history', room: 'x' }, number),
  );
  expect(answer.text).toContain('came as a message');
});

test('handlers get the reason of a disconnect and the trace of an event, as they came', async () => {
  const seen = vi.fn<(...args: unknown[]) => void>();
  const backend = createBackend({}, { disconnect: (ctx) => seen(ctx.event) });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await backend.handle({
    message: { type: 'session-disconnect' },
    connection,
    headers: { 'wsbroker-reason': 'connection-lost', traceparent },
  });
  expect(seen).toHaveBeenCalledWith(expect.objectContaining({ reason: 'connection-lost', traceparent }));
});

test('a contract with requests has a handler for each, and no other', () => {
  const messages = { say: (): void => {} };
  expect(() => createBackend(library, { messages, requests: {} as never })).toThrow(
    'requests.history is missing',
  );
});
