import { decodeCommands } from '@wsbroker/protocol';
import { describe, expect, test, vi } from 'vitest';
import type { Chat } from '../test/chat.ts';
import { BrokerClientError } from './broker-client-error.ts';
import { type BrokerClientOptions, createBrokerClient } from './broker-client.ts';
import { isErrorResult } from './command-result.ts';
import { close, custom, list, log, send, session } from './command.ts';

const url = 'http://127.0.0.1:31002/';
type Fetch = NonNullable<BrokerClientOptions['fetch']>;

const answering = (body: unknown, status = 200) =>
  vi.fn<Fetch>(async () =>
    Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })),
  );

const clientOf = (fetch: Fetch, options: Partial<BrokerClientOptions> = {}) =>
  createBrokerClient<Chat>({ url, fetch, ...options });

/** What the client put on the wire, as a broker would read it. */
const posted = (fetch: ReturnType<typeof answering>): unknown => {
  const [, init] = fetch.mock.calls[0] ?? [];
  const headers = new Headers(init?.headers);
  const commands = decodeCommands({
    contentType: headers.get('content-type') ?? '',
    text: init?.body as string,
  });
  return commands.ok ? commands.value : commands.error;
};

const failure = async (promise: Promise<unknown>): Promise<BrokerClientError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BrokerClientError);
  return error as BrokerClientError;
};

const forbidden = { error: { code: 'forbidden', message: 'Commands are not taken from 10.0.0.1.' } };

describe('run', () => {
  test.each(['form', 'json'] as const)(
    'POSTs the list as %s and gives the results in order',
    async (encoding) => {
      const connections = [{ ip: '::1', wskey: 'k', name: 'Ada' }];
      const error = { error: { code: 'unknown-command', message: 'no such command' } };
      const results = [connections, { matched: 2 }, { matched: 1 }, { matched: 0 }, null, 'done', error];
      const fetch = answering(results);
      const commands = [
        list({ match: { room: 'lobby' } }),
        send({ type: 'cleared' }),
        session({ name: 'x' }, { match: { name: 'y' } }),
        close({ match: { name: 'Mallory' } }),
        log('grüß & dich'),
        custom('mine'),
        custom('unknown'),
      ] as const;
      expect(await clientOf(fetch, { encoding }).run(commands)).toEqual(results);
      expect(posted(fetch)).toEqual(JSON.parse(JSON.stringify(commands)));
      expect(fetch.mock.calls[0]?.[0]).toBe(url);
      expect(fetch.mock.calls[0]?.[1]).toMatchObject({ method: 'POST', redirect: 'manual' });
    },
  );

  test('does not throw for a command that failed', async () => {
    const fetch = answering([forbidden, { matched: 1 }]);
    const [refused, sent] = await clientOf(fetch).run([log('x'), send({ type: 'cleared' })]);
    expect(isErrorResult(refused) && refused.error.code).toBe('forbidden');
    expect(isErrorResult(sent)).toBe(false);
  });

  test('takes the error code of a later broker', async () => {
    const fetch = answering([{ error: { code: 'new-code', message: 'x' } }]);
    expect(await clientOf(fetch).run([log('x')])).toEqual([{ error: { code: 'new-code', message: 'x' } }]);
  });

  test.each([
    ['no JSON', '<html>'],
    ['no list', { results: [] }],
    ['a result too few', []],
    ['a result of another shape', [{ sent: 1 }]],
  ])('rejects with bad-answer when the answer is %s', async (_what, body) => {
    const error = await failure(clientOf(answering(body)).run([send({ type: 'cleared' })]));
    expect(error).toMatchObject({ code: 'bad-answer', status: 200 });
    expect(error.message).toMatch(
      /^What answers at http:\/\/127\.0\.0\.1:31002\/ is not a broker of this version: /,
    );
  });

  test.each([
    [list(), { count: 1 }],
    [list({ count: true }), []],
    [list({ limit: 1 }), []],
    [log('x'), { matched: 1 }],
  ])('checks a result against its command: %j', async (command, result) => {
    expect(await failure(clientOf(answering([result])).run([command]))).toMatchObject({ code: 'bad-answer' });
  });
});

describe('shortcuts', () => {
  test('POST one command and give its result', async () => {
    const check = async (
      act: (broker: ReturnType<typeof clientOf>) => Promise<unknown>,
      result: unknown,
      command: unknown,
    ): Promise<void> => {
      const fetch = answering([result]);
      expect(await act(clientOf(fetch))).toEqual(result);
      expect(posted(fetch)).toEqual([command]);
    };
    await check(
      (broker) => broker.send({ type: 'cleared' }, { match: { room: 'x' }, except: { name: 'y' } }),
      { matched: 3 },
      { type: 'send', message: { type: 'cleared' }, match: { room: 'x' }, except: { name: 'y' } },
    );
    await check(
      (broker) => broker.send({ type: 'cleared' }),
      { matched: 3 },
      {
        type: 'send',
        message: { type: 'cleared' },
      },
    );
    await check(
      (broker) => broker.session({ room: 'x' }, { match: {}, add: { tags: 'new' } }),
      { matched: 1 },
      { type: 'session', data: { room: 'x' }, match: {}, add: { tags: 'new' } },
    );
    await check(
      (broker) => broker.close({ match: { name: 'y' }, code: 4500 }),
      { matched: 1 },
      { type: 'close', match: { name: 'y' }, code: 4500 },
    );
    await check((broker) => broker.list(), [], { type: 'list' });
    await check((broker) => broker.list({ count: true }), { count: 4 }, { type: 'list', count: true });
    await check(
      (broker) => broker.list({ limit: 1 }),
      { connections: [{ ip: 'x', wskey: 'y' }], cursor: '5' },
      { type: 'list', limit: 1 },
    );
  });

  test('send nothing when criteria are missing, or have lost their value', async () => {
    const fetch = answering([{ matched: 9 }]);
    const broker = clientOf(fetch);
    await expect(broker.close({ match: undefined } as never)).rejects.toThrow('close has no match');
    await expect(broker.session({ name: 'x' }, undefined as never)).rejects.toThrow('session has no match');
    await expect(broker.close({ match: { name: undefined } } as never)).rejects.toThrow('match.name');
    await expect(broker.send({ type: 'cleared' }, { match: { room: undefined } } as never)).rejects.toThrow(
      'match.room',
    );
    expect(fetch).not.toHaveBeenCalled();
  });

  test('reject when the command is refused', async () => {
    const refusal = { error: { code: 'bad-command', message: 'code: expected 1000' } };
    const error = await failure(clientOf(answering([refusal])).close({ match: {}, code: 7 }));
    expect(error).toMatchObject({
      name: 'BrokerClientError',
      code: 'bad-command',
      status: 200,
      message: `The broker at ${url} refused the command (bad-command): code: expected 1000`,
    });
  });
});

describe('a broker that refuses', () => {
  test('with 403 says how to be let in', async () => {
    const error = await failure(clientOf(answering(forbidden, 403)).list());
    expect(error).toMatchObject({ code: 'forbidden', status: 403 });
    expect(error.message).toContain('Commands are not taken from 10.0.0.1.');
    expect(error.message).toContain("backend: { allow: ['127.0.0.1'] }, or --allow 127.0.0.1");
  });

  test('with 413 says why', async () => {
    const body = { error: { code: 'too-large', message: 'The body is larger than 9 bytes.' } };
    const error = await failure(clientOf(answering(body, 413)).list());
    expect(error).toMatchObject({
      code: 'too-large',
      status: 413,
      message: `The broker at ${url} refused the commands (413 too-large): The body is larger than 9 bytes.`,
    });
  });

  test.each([404, 302, 502])('with %i and no reason is taken for no broker', async (status) => {
    const error = await failure(clientOf(answering('<html>', status)).list());
    expect(error).toMatchObject({ code: 'bad-answer', status });
    expect(error.message).toBe(
      `What answers at ${url} is not a broker (HTTP ${status}): expected the address of its WebSocket port`,
    );
  });
});

describe('options', () => {
  test.each(['ws://127.0.0.1:31002/', '127.0.0.1:31002', '', 'localhost'])(
    'refuse a url that is not HTTP: %j',
    (bad) => {
      expect(() => createBrokerClient({ url: bad })).toThrow(
        `url is "${bad}": expected the broker's WebSocket port`,
      );
    },
  );

  test('refuse a password in the url, and do not repeat it', () => {
    const create = () => createBrokerClient({ url: 'http://me:hunter2@127.0.0.1/' });
    expect(create).toThrow('url has a user name or a password');
    expect(create).not.toThrow('hunter2');
  });

  test.each([0, -1, 1.5, NaN, Infinity])('refuse a timeoutMs of %d', (timeoutMs) => {
    expect(() => createBrokerClient({ url, timeoutMs })).toThrow('timeoutMs is');
  });

  test('take a URL object', () => {
    expect(() => createBrokerClient({ url: new URL(url) })).not.toThrow();
  });
});
