import { describe, expect, test, vi } from 'vitest';
import { chat } from '../test/chat.ts';
import { post, postEvent } from '../test/post-event.ts';
import { servers } from '../test/servers.ts';
import { RejectEvent } from './backend-error.ts';
import { createBackend } from './backend.ts';

const nothing = (): void => {};

const chatBackend = (onError = vi.fn<(...args: unknown[]) => void>()) =>
  createBackend(chat, {
    onError,
    connect: (ctx) => ctx.session({ name: 'guest', room: 'lobby', tags: [] }),
    messages: {
      say(ctx, { text }) {
        if (text === 'bug') throw new Error('a bug');
        if (text === 'drop') throw new RejectEvent('not wanted');
        const { id, attempt } = ctx.event;
        return [
          ctx.send({ type: 'said', who: ctx.connection.name ?? '?', text }, { match: { room: 'lobby' } }),
          ctx.log(`${id} ${attempt}`),
        ];
      },
      rename: nothing,
      move: nothing,
      typing: nothing,
    },
  });

const connection = { ip: '127.0.0.1', wskey: 'k1', name: 'Ada' };
const say = (text: unknown) => ({ type: 'client-say', text });

describe.each(Object.entries(servers))('%s', (_name, start) => {
  test.each(['form', 'json'] as const)('answers %s events with commands', async (encoding) => {
    await using server = await start(chatBackend());
    const text = 'a=b&c=d+e %20 grüß 👋 "quoted"';
    const answer = await postEvent(server.url, {
      encoding,
      connection,
      message: say(text),
      id: 'k1-7',
      attempt: 2,
    });
    expect(answer).toEqual({
      status: 200,
      contentType: expect.stringMatching(/^application\/json/) as string,
      body: [
        { type: 'send', message: { type: 'said', who: 'Ada', text }, match: { room: 'lobby' } },
        { type: 'log', text: 'k1-7 2' },
      ],
    });
    expect(await postEvent(server.url, { encoding, message: { type: 'session-connect' } })).toMatchObject({
      status: 200,
      body: [{ type: 'session', data: { name: 'guest', room: 'lobby', tags: [] } }],
    });
    expect(await postEvent(server.url, { encoding, message: { type: 'session-disconnect' } })).toMatchObject({
      status: 200,
      body: [],
    });
  });

  test('answers a bad message to the client', async () => {
    await using server = await start(chatBackend());
    expect(await postEvent(server.url, { connection, message: say(7) })).toMatchObject({
      status: 200,
      body: [{ type: 'send', message: { type: 'broker-error', code: 'bad-message' } }],
    });
  });

  test('answers 500 when a handler throws, 422 when it rejects the event, and goes on', async () => {
    const onError = vi.fn<(...args: unknown[]) => void>();
    await using server = await start(chatBackend(onError));
    const bug = await postEvent(server.url, { connection, message: say('bug') });
    expect(bug).toMatchObject({ status: 500, body: { error: { code: 'handler-failed' } } });
    expect(onError).toHaveBeenCalledOnce();
    const drop = await postEvent(server.url, { connection, message: say('drop') });
    expect(drop).toMatchObject({
      status: 422,
      body: { error: { code: 'event-rejected', message: 'not wanted' } },
    });
    expect((await postEvent(server.url, { connection, message: say('hello') })).status).toBe(200);
  });

  test('answers 4xx to what is no event', async () => {
    await using server = await start(chatBackend());
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await post(server.url, 'message=%7B&connection=%7B%7D', form)).toMatchObject({
      status: 400,
      body: { error: { code: 'not-json' } },
    });
    expect(await post(server.url, 'x=1', form)).toMatchObject({
      status: 400,
      body: { error: { code: 'bad-shape' } },
    });
  });

  test('answers 403 to a form of a web page', async () => {
    await using server = await start(chatBackend());
    const form = { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://evil.example' };
    const body = `message=${encodeURIComponent('{"type":"session-connect"}')}&connection=%7B%7D`;
    expect((await post(server.url, body, form)).status).toBe(403);
  });
});
