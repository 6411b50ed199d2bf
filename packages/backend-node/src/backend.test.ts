import { type Decoded, decodeCommandList } from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { chat, type Chat } from '../test/chat.ts';
import type { Answer } from './answer.ts';
import { RejectEvent } from './backend-error.ts';
import { createBackend } from './backend.ts';
import { custom } from './command.ts';
import type { BackendHandlers } from './handlers.ts';

const quiet = (): void => {};

/** A chat backend whose handlers do nothing but where the test says so. */
const chatBackend = (
  handlers: Partial<BackendHandlers<Chat>>,
  messages: Partial<BackendHandlers<Chat>['messages']> = {},
) =>
  createBackend(chat, {
    onError: quiet,
    ...handlers,
    messages: { say: quiet, rename: quiet, move: quiet, typing: quiet, ...messages },
  });

const connection = { ip: '127.0.0.1', wskey: 'k1', name: 'Ada' };
const say = { type: 'client-say', text: 'hello' };

const commandsOf = (answer: Answer): Decoded<unknown[]> => decodeCommandList(answer.text);
const errorOf = (answer: Answer): unknown => (JSON.parse(answer.text) as { error: unknown }).error;

describe('handlers', () => {
  test('get the message with the type of the contract, and answer with a list of commands', async () => {
    const handler = vi.fn<BackendHandlers<Chat>['messages']['say']>((ctx, message) => [
      ctx.send(
        { type: 'said', who: ctx.connection.name ?? '?', text: message.text },
        { match: { room: 'r' } },
      ),
      ctx.session({ room: 'r' }, { add: { tags: 'new' } }),
    ]);
    const answer = await chatBackend({}, { say: handler }).handle({ message: say, connection });
    expect(handler.mock.calls[0]?.[1]).toEqual({ type: 'say', text: 'hello' });
    expect(answer).toMatchObject({ status: 200, contentType: 'application/json' });
    expect(JSON.parse(answer.text)).toEqual([
      { type: 'send', message: { type: 'said', who: 'Ada', text: 'hello' }, match: { room: 'r' } },
      { type: 'session', data: { room: 'r' }, add: { tags: 'new' } },
    ]);
  });

  test.each([
    ['one command', () => custom('x'), [{ type: 'x' }]],
    ['a promise of one', async () => Promise.resolve(custom('x')), [{ type: 'x' }]],
    ['a list', () => [custom('x'), custom('y')], [{ type: 'x' }, { type: 'y' }]],
    ['nothing', () => undefined, []],
    ['an empty list', () => [], []],
  ])('may answer with %s', async (_what, handler, commands) => {
    const answer = await chatBackend({ connect: handler }).handle({
      message: { type: 'session-connect' },
      connection,
    });
    expect(commandsOf(answer)).toEqual({ ok: true, value: commands });
  });

  test('are called for connect and disconnect', async () => {
    const backend = chatBackend({ connect: (ctx) => ctx.log('in'), disconnect: (ctx) => ctx.log('out') });
    const run = async (type: string): Promise<string> =>
      (await backend.handle({ message: { type }, connection })).text;
    expect(await run('session-connect')).toBe('[{"type":"log","text":"in"}]');
    expect(await run('session-disconnect')).toBe('[{"type":"log","text":"out"}]');
  });

  test('may be left out for connect and disconnect', async () => {
    for (const type of ['session-connect', 'session-disconnect']) {
      expect(await chatBackend({}).handle({ message: { type }, connection })).toMatchObject({
        status: 200,
        text: '[]',
      });
    }
  });

  test('get the id, the attempt and the time of the event', async () => {
    const seen = vi.fn<(...args: unknown[]) => void>();
    const backend = chatBackend({ connect: (ctx) => seen(ctx.event) });
    const message = { type: 'session-connect' };
    await backend.handle({
      message,
      connection,
      headers: { 'webhook-id': 'k1-1', 'webhook-timestamp': '1790000000', 'wsbroker-attempt': '3' },
    });
    await backend.handle({ message, connection });
    await backend.handle({
      message,
      connection,
      headers: { 'webhook-timestamp': 'soon', 'wsbroker-attempt': '0' },
    });
    const none = { type: 'session-connect', id: undefined, attempt: 1, timestamp: undefined };
    expect(seen.mock.calls).toEqual([
      [{ type: 'session-connect', id: 'k1-1', attempt: 3, timestamp: new Date('2026-09-21T14:13:20Z') }],
      [none],
      [none],
    ]);
  });

  test('get the fields as JSON texts as well, as a form parser leaves them', async () => {
    const answer = await chatBackend({}, { say: (ctx, { text }) => ctx.log(text) }).handle({
      message: JSON.stringify(say),
      connection: JSON.stringify(connection),
    });
    expect(answer.text).toBe('[{"type":"log","text":"hello"}]');
  });

  test('get messages unchecked under a contract without client messages', async () => {
    const backend = createBackend(
      {},
      { messages: { say: (ctx, message) => ctx.log(JSON.stringify(message)) } },
    );
    const answer = await backend.handle({ message: { ...say, n: [1] }, connection });
    expect(JSON.parse(answer.text)).toEqual([{ type: 'log', text: '{"text":"hello","n":[1],"type":"say"}' }]);
  });
});

describe('input', () => {
  test('that is not valid is answered to the client, and no handler is called', async () => {
    const handler = vi.fn<(...args: unknown[]) => void>();
    const answer = await chatBackend({}, { say: handler }).handle({
      message: { type: 'client-say', text: 7 },
      connection,
    });
    expect(handler).not.toHaveBeenCalled();
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual([
      {
        type: 'send',
        message: {
          type: 'broker-error',
          code: 'bad-message',
          text: expect.stringMatching(/^say is not valid: text: .*expected string/i) as string,
        },
      },
    ]);
  });

  test('is checked by asynchronous validators and those of other libraries', async () => {
    const rename = vi.fn<(...args: unknown[]) => void>();
    const move = vi.fn<(...args: unknown[]) => void>();
    const backend = chatBackend({}, { rename, move });
    const refused = await backend.handle({ message: { type: 'client-rename', name: 'admin' }, connection });
    expect(refused.text).toContain('rename is not valid: is taken');
    expect(rename).not.toHaveBeenCalled();
    await backend.handle({ message: { type: 'client-move', to: { x: 1 } }, connection });
    expect(move.mock.calls[0]?.[1]).toEqual({ type: 'move', to: { x: 1, y: 0 } });
  });

  test.each(['client-shout', 'client-toString', 'client-__proto__', 'client-'])(
    'of an unknown type (%s) is answered to the client with the types that are known',
    async (type) => {
      const answer = await chatBackend({}).handle({ message: { type }, connection });
      expect(JSON.parse(answer.text)).toEqual([
        {
          type: 'send',
          message: {
            type: 'broker-error',
            code: 'bad-message',
            text: `${type.slice('client-'.length)} is not known here: expected one of say, rename, move, typing`,
          },
        },
      ]);
    },
  );

  test('of an unknown type goes to onUnknown where there is one', async () => {
    const backend = chatBackend({ onUnknown: (ctx, message) => ctx.log(message.type) });
    const answer = await backend.handle({ message: { type: 'client-shout' }, connection });
    expect(answer.text).toBe('[{"type":"log","text":"client-shout"}]');
  });

  test('of a type that only a later broker knows is passed over', async () => {
    const answer = await chatBackend({}).handle({ message: { type: 'session-resume' }, connection });
    expect(answer).toMatchObject({ status: 200, text: '[]' });
  });

  test('from no connection goes to onDirect', async () => {
    const direct = { message: { type: 'tick' }, connection: { type: 'direct' } };
    const backend = chatBackend({ onDirect: (ctx, message) => ctx.log(message.type) });
    expect((await backend.handle(direct)).text).toBe('[{"type":"log","text":"tick"}]');
    const without = await chatBackend({}).handle(direct);
    expect(without.status).toBe(422);
    expect(errorOf(without)).toEqual({
      code: 'event-rejected',
      message: '"tick" came from no connection, and this backend has no onDirect',
    });
  });

  test('from a connection with a cookie `type=direct` does not go to onDirect', async () => {
    const onDirect = vi.fn<(...args: unknown[]) => void>();
    const connect = vi.fn<(...args: unknown[]) => void>();
    await chatBackend({ onDirect, connect }).handle({
      message: { type: 'session-connect' },
      connection: { ...connection, type: 'direct' },
    });
    expect(onDirect).not.toHaveBeenCalled();
    expect(connect).toHaveBeenCalled();
  });
});

describe('a handler that fails', () => {
  const failing = (error: unknown) => ({
    connect: () => {
      throw error;
    },
  });
  const event = { message: { type: 'session-connect' }, connection, headers: { 'webhook-id': 'k1-1' } };

  test('is answered 500 without the text of its error, and told to onError', async () => {
    const onError = vi.fn<(...args: unknown[]) => void>();
    const error = new Error('password is hunter2');
    const answer = await chatBackend({ ...failing(error), onError }).handle(event);
    expect(answer.status).toBe(500);
    expect(errorOf(answer)).toEqual({
      code: 'handler-failed',
      message: 'The handler of "session-connect" failed: the backend\'s own log says why',
    });
    expect(onError.mock.calls).toEqual([
      [error, { type: 'session-connect', id: 'k1-1', attempt: 1, timestamp: undefined }],
    ]);
  });

  test('is written to the console where there is no onError, and where onError throws', async () => {
    const written = vi.spyOn(console, 'error').mockImplementation(quiet);
    const error = new Error('a bug');
    const backend = createBackend({}, failing(error));
    expect((await backend.handle(event)).status).toBe(500);
    expect(written.mock.calls).toEqual([['wsbroker backend: session-connect (k1-1) failed:', error]]);
    written.mockClear();
    const failure = new Error('a bug in onError');
    const onError = () => {
      throw failure;
    };
    expect((await createBackend({}, { ...failing(error), onError }).handle(event)).status).toBe(500);
    expect(written.mock.calls.map((call: unknown[]) => call[1])).toEqual([error, failure]);
    written.mockRestore();
  });

  test('with a RejectEvent is answered 422 with its reason, and not told to onError', async () => {
    const onError = vi.fn<(...args: unknown[]) => void>();
    const answer = await chatBackend({ ...failing(new RejectEvent('the room is closed')), onError }).handle(
      event,
    );
    expect(answer.status).toBe(422);
    expect(errorOf(answer)).toEqual({ code: 'event-rejected', message: 'the room is closed' });
    expect(onError).not.toHaveBeenCalled();
  });

  test('with a RejectEvent of another copy of this package is answered 422 as well', async () => {
    const foreign = Object.assign(new Error('not wanted'), { code: 'event-rejected' });
    expect((await chatBackend(failing(foreign)).handle(event)).status).toBe(422);
  });

  test('because its validator throws is answered 500', async () => {
    const contract = {
      clientMessages: {
        say: {
          '~standard': {
            version: 1,
            vendor: 'test',
            validate: (): never => {
              throw new Error('a bug');
            },
          },
        },
      },
    } as const;
    const onError = vi.fn<(...args: unknown[]) => void>();
    const backend = createBackend(contract, { onError, messages: { say: quiet } });
    expect((await backend.handle({ message: say, connection })).status).toBe(500);
    expect(onError).toHaveBeenCalledOnce();
  });

  test.each([
    ['a string', 'hello', 'connect answered with no command (it returned a string)'],
    ['an object without type', { text: 'x' }, 'it returned an object without a string type'],
    ['a list with a promise', [Promise.resolve()], 'element 0 of its list is a promise that was not awaited'],
    ['a list in a list', [custom('x'), []], 'element 1 of its list is a list'],
    ['a list with nothing', [undefined], 'element 0 of its list is undefined'],
    [
      'criteria that have lost a value',
      { ...custom('x'), match: { room: undefined } },
      'connect: match.room',
    ],
    ['what JSON cannot hold', custom('x', { n: 1n }), 'BigInt'],
  ])('by answering with %s is answered 500', async (_what, result, text) => {
    const onError = vi.fn<(...args: unknown[]) => void>();
    const answer = await chatBackend({ connect: () => result as never, onError }).handle(event);
    expect(answer.status).toBe(500);
    expect(String(onError.mock.calls[0]?.[0])).toContain(text);
  });
});

describe('a request that is no event', () => {
  test.each([
    [{}, 'message'],
    [{ message: say }, 'connection'],
    [{ message: 'not JSON', connection }, 'The field `message` is not JSON'],
    [{ message: [], connection }, 'message'],
    [{ message: { type: 7 }, connection }, 'message.type'],
    [{ message: null, connection }, 'message'],
    [{ message: say, connection: 'null' }, 'connection'],
  ])('is answered 400 that says what is wrong: %j', async (fields, text) => {
    const answer = await chatBackend({}).handle(fields);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(text);
  });

  test.each([{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }])(
    'but a form of a web page is answered 403, and no handler is called: %j',
    async (headers) => {
      const handler = vi.fn<(...args: unknown[]) => void>();
      const answer = await chatBackend({}, { say: handler }).handle({ message: say, connection, headers });
      expect(answer.status).toBe(403);
      expect(handler).not.toHaveBeenCalled();
    },
  );

  test('is answered whatever it is, and never rejects', async () => {
    const backend = chatBackend({});
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            message: fc.oneof(fc.jsonValue(), fc.json(), fc.string(), fc.record({ type: fc.string() })),
            connection: fc.oneof(fc.jsonValue(), fc.json(), fc.dictionary(fc.string(), fc.jsonValue())),
            headers: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string()))),
          },
          { requiredKeys: [] },
        ),
        async (event) => {
          const { status, text } = await backend.handle(event);
          expect([200, 400, 403, 422]).toContain(status);
          expect(status === 200 ? decodeCommandList(text).ok : 'error' in (JSON.parse(text) as object)).toBe(
            true,
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

test('refuses at the start a contract and handlers that do not fit', () => {
  expect(() => createBackend(chat, { messages: {} as never })).toThrow('messages.say is missing');
});

test('refuses a maxBodyBytes that is no number of bytes', () => {
  expect(() => createBackend({}, { maxBodyBytes: -1 })).toThrow('maxBodyBytes is -1: expected');
});
