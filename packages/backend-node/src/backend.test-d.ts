import type { AnyMessage } from '@wsbroker/protocol';
import { expectTypeOf, test } from 'vitest';
import { chat } from '../test/chat.ts';
import { createBackend } from './backend.ts';
import { custom, list, send } from './command.ts';

const nothing = (): void => {};
const others = { rename: nothing, move: nothing, typing: nothing };

test('a handler gets the output of its validator', () => {
  createBackend(chat, {
    messages: {
      say: (_ctx, message) => {
        expectTypeOf(message).toEqualTypeOf<{ type: 'say' } & { text: string }>();
      },
      move: (_ctx, { to }) => {
        // The input may leave y out; the output has its default.
        expectTypeOf(to).toEqualTypeOf<{ x: number; y: number }>();
      },
      typing: (_ctx, message) => {
        expectTypeOf(message.type).toEqualTypeOf<'typing'>();
      },
      rename: nothing,
    },
  });
});

test('a connection has the fields of the contract, each perhaps not set yet', () => {
  createBackend(chat, {
    connect({ connection, event }) {
      expectTypeOf(connection.wskey).toEqualTypeOf<string>();
      expectTypeOf(connection.name).toEqualTypeOf<string | undefined>();
      expectTypeOf(connection.tags).toEqualTypeOf<string[] | undefined>();
      expectTypeOf(connection['someCookie']).toEqualTypeOf<unknown>();
      expectTypeOf(event.id).toEqualTypeOf<string | undefined>();
      expectTypeOf(event.attempt).toEqualTypeOf<number>();
      expectTypeOf(event.timestamp).toEqualTypeOf<Date | undefined>();
    },
    messages: { ...others, say: nothing },
  });
});

test('the builders of a context take the messages and the session of the contract', () => {
  createBackend(chat, {
    messages: {
      ...others,
      say: (ctx) => [
        ctx.send({ type: 'said', who: 'Ada', text: 'hello' }, { match: { room: ['a', 'b'], ip: '::1' } }),
        ctx.send({ type: 'cleared' }),
        ctx.session({ name: 'Ada' }, { add: { tags: 'x' }, remove: { tags: ['y'] } }),
        ctx.close({ code: 4500, except: { name: 'Ada' } }),
        ctx.log('hello'),
        ctx.custom('mine', { n: 1 }),
        // @ts-expect-error no message of this type
        ctx.send({ type: 'sayd' }),
        // @ts-expect-error a field is missing
        ctx.send({ type: 'said', who: 'Ada' }),
        // @ts-expect-error a field is of another type
        ctx.send({ type: 'said', who: 'Ada', text: 7 }),
        // @ts-expect-error a field is too many
        ctx.send({ type: 'said', who: 'Ada', text: 'x', more: 1 }),
        // @ts-expect-error no field of the session
        ctx.send({ type: 'cleared' }, { match: { rom: 'a' } }),
        // @ts-expect-error no field of the session
        ctx.session({ nme: 'Ada' }),
        // @ts-expect-error a field is of another type
        ctx.session({ name: 7 }),
        // @ts-expect-error no list
        ctx.session({}, { add: { name: 'x' } }),
        // @ts-expect-error a built-in command has its own builder
        ctx.custom('send'),
      ],
    },
  });
});

test('a handler answers with commands of the contract, however they were made', () => {
  createBackend(chat, { messages: { ...others, say: () => send({ type: 'cleared' }) } });
  createBackend(chat, { messages: { ...others, say: () => [custom('mine'), list()] } });
  createBackend(chat, { messages: { ...others, say: () => ({ type: 'log', text: 'x' }) } });
  createBackend(chat, {
    messages: { ...others, say: async (ctx, { text }) => Promise.resolve([ctx.log(text)]) },
  });
  createBackend(chat, {
    messages: { ...others, say: (ctx, { text }) => (text === '' ? undefined : [ctx.log(text)]) },
  });
  // @ts-expect-error no message of this type
  createBackend(chat, { messages: { ...others, say: () => send({ type: 'sayd' }) } });
  // @ts-expect-error a type that is not built-in is made by custom() alone
  createBackend(chat, { messages: { ...others, say: () => ({ type: 'sned', message: {} }) } });
  // @ts-expect-error no command
  createBackend(chat, { messages: { ...others, say: () => 'hello' } });
});

test('every message of the contract has a handler, and no other', () => {
  // @ts-expect-error say is missing
  createBackend(chat, { messages: others });
  // @ts-expect-error messages is missing
  createBackend(chat, {});
  // @ts-expect-error shout is not in the contract
  createBackend(chat, { messages: { ...others, say: nothing, shout: (): void => {} } });
});

test('an open contract takes any message and any session', () => {
  createBackend({}, {});
  createBackend(
    {},
    {
      messages: {
        say: (ctx, message) => {
          expectTypeOf(message).toEqualTypeOf<AnyMessage>();
          expectTypeOf(ctx.connection['name']).toEqualTypeOf<unknown>();
          return [
            ctx.send({ type: 'x', n: 1 }, { match: { anything: 1 } }),
            ctx.session({ y: 1 }, { add: { z: 1 } }),
          ];
        },
      },
    },
  );
});

test('a direct event has no connection', () => {
  createBackend(chat, {
    messages: { ...others, say: nothing },
    onDirect(ctx, message) {
      expectTypeOf(message).toEqualTypeOf<AnyMessage>();
      // @ts-expect-error no connection caused it
      return ctx.log(String(ctx.connection));
    },
  });
});

test('a secret is a text or a list of them, and not a variable that may not be set', () => {
  createBackend({}, { secret: 'whsec_x', messages: { say: nothing } });
  createBackend({}, { secret: ['whsec_x', 'whsec_y'] as const });
  // @ts-expect-error it would turn signatures off where they are meant
  createBackend({}, { secret: process.env['WSBROKER_SECRET'] });
});

test('handle takes the body as it came in place of its fields', () => {
  const { handle } = createBackend({}, { secret: 'whsec_x' });
  expectTypeOf(handle).toBeCallableWith({ rawBody: new Uint8Array(), headers: { 'webhook-id': 'k1-1' } });
  expectTypeOf(handle).toBeCallableWith({ rawBody: 'message=…' });
  // @ts-expect-error neither text nor bytes
  expectTypeOf(handle).toBeCallableWith({ rawBody: {} });
});
