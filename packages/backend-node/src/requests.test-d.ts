import { type AnyMessage, defineContract } from '@wsbroker/protocol';
import { expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import { createBackend } from './backend.ts';
import { reply } from './command.ts';

const library = defineContract({
  serverMessages: { cleared: z.object({}) },
  requests: {
    history: {
      request: z.object({ room: z.string(), limit: z.int().default(20) }),
      reply: z.object({ lines: z.array(z.string()) }),
    },
    now: { request: z.object({}), reply: z.object({ at: z.number() }) },
  },
});
const now = () => reply({ at: 1 });

test('the handler of a request gets the output of its validator, and its own reply', () => {
  createBackend(library, {
    requests: {
      now,
      history: (ctx, request) => {
        expectTypeOf(request).toEqualTypeOf<{ type: 'history' } & { room: string; limit: number }>();
        expectTypeOf(ctx.reply).parameter(0).toEqualTypeOf<{ lines: string[] }>();
        return [ctx.send({ type: 'cleared' }), ctx.reply({ lines: [] })];
      },
    },
  });
});

test('a reply is what the contract says', () => {
  createBackend(library, { requests: { now, history: (ctx) => ctx.reply({ lines: ['a'] }) } });
  createBackend(library, {
    requests: { now, history: async (ctx) => Promise.resolve(ctx.reply({ lines: [] })) },
  });
  createBackend(library, { requests: { now, history: () => reply({ lines: ['a'] }) } });
  // @ts-expect-error a field is of another type
  createBackend(library, { requests: { now, history: (ctx) => ctx.reply({ lines: 7 }) } });
  // @ts-expect-error a field is too many
  createBackend(library, { requests: { now, history: (ctx) => ctx.reply({ lines: [], more: 1 }) } });
  // @ts-expect-error the reply of another request
  createBackend(library, { requests: { now, history: now } });
  // @ts-expect-error nothing is no reply
  createBackend(library, { requests: { now, history: () => {} } });
  // @ts-expect-error a reply is made by ctx.reply
  createBackend(library, { requests: { now, history: () => ({ lines: [] }) } });
});

test('every request of the contract has a handler, and no other', () => {
  // @ts-expect-error requests is missing
  createBackend(library, {});
  // @ts-expect-error history is missing
  createBackend(library, { requests: { now } });
  // @ts-expect-error shout is not in the contract
  createBackend(library, { requests: { now, history: (ctx) => ctx.reply({ lines: [] }), shout: now } });
});

test('an open contract takes any request, and gives any reply', () => {
  createBackend(
    {},
    {
      requests: {
        sum: (ctx, request) => {
          expectTypeOf(request).toEqualTypeOf<AnyMessage>();
          return ctx.reply([request['a'], 1]);
        },
      },
    },
  );
});

test('a message has no reply, and onUnknown may have one', () => {
  // @ts-expect-error nobody waits for it
  createBackend({}, { messages: { say: () => reply(1) } });
  createBackend({}, { onUnknown: (ctx) => (ctx.event.request === undefined ? undefined : reply(1)) });
});
