import { Disposables } from '@wsbroker/testkit';
import * as fc from 'fast-check';
import { createServer } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { type PostAnswer, postEvent } from '../test/post-event.ts';
import { listening, running, type RunningServer } from '../test/servers.ts';
import { storeSets } from '../test/stores.ts';
import { RejectEvent } from './backend-error.ts';
import { createBackend } from './backend.ts';
import type { Context } from './context.ts';
import { type DedupeStore, EventBusy } from './dedupe-store.ts';
import { memoryStore } from './memory-store.ts';

type Say = (ctx: Context<object>, text: string) => unknown;

const serve = async (dedupe: DedupeStore | undefined, say: Say): Promise<RunningServer> => {
  const backend = createBackend(
    {},
    {
      onError: () => {},
      ...(dedupe !== undefined && { dedupe }),
      messages: { say: (ctx, message) => say(ctx, String(message['text'])) as never },
    },
  );
  return running(await listening(createServer(backend.nodeHandler)));
};

const post = (server: RunningServer, id: string, attempt = 1): Promise<PostAnswer> =>
  postEvent(server.url, { message: { type: 'client-say', text: id }, id, attempt });

describe.each(Object.entries(storeSets))('with %s', (_name, open) => {
  test('a repeated id gets the answer of the first time, and no handler is called', async () => {
    using set = open();
    let calls = 0;
    const say: Say = (ctx, text) => {
      calls += 1;
      return [ctx.log(`${text} ${calls}`), ctx.log('grüß 👋')];
    };
    const [first, second] = set.stores;
    await using one = await serve(first, say);
    await using other = await serve(second ?? first, say);
    const answer = await post(one, 'k1-1');
    expect(answer).toMatchObject({
      status: 200,
      body: [{ text: 'k1-1 1' }, { type: 'log', text: 'grüß 👋' }],
    });
    expect(await post(one, 'k1-1', 2)).toEqual(answer);
    expect(await post(other, 'k1-1', 3)).toEqual(answer);
    expect(await post(other, 'k1-2')).toMatchObject({ body: [{ text: 'k1-2 2' }, {}] });
  });

  test('an attempt that comes while another is at work waits for its answer', async () => {
    using set = open();
    const go = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const say = vi.fn<Say>(async (ctx, text) => {
      started.resolve();
      await go.promise;
      return ctx.log(text);
    });
    let asked = 0;
    const [first, second] = set.stores.map((store): DedupeStore => ({
      async once(id, handle) {
        const answer = store.once(id, handle);
        asked += 1;
        if (asked === 3) setImmediate(go.resolve);
        return answer;
      },
    }));
    await using one = await serve(first, say);
    await using other = await serve(second ?? first, say);
    const answers = [post(one, 'k1-1')];
    await started.promise;
    answers.push(post(one, 'k1-1', 2), post(other, 'k1-1', 3));
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ status: 200, body: [{ type: 'log', text: 'k1-1' }] });
    }
    expect(say).toHaveBeenCalledOnce();
  });

  test.each([
    [500, new Error('a bug')],
    [422, new RejectEvent('not wanted')],
  ])('an event that was answered %i is handled again', async (status, error) => {
    using set = open();
    let calls = 0;
    const say: Say = (ctx, text) => {
      calls += 1;
      if (calls === 1) throw error;
      return ctx.log(text);
    };
    await using server = await serve(set.stores[0], say);
    expect((await post(server, 'k1-1')).status).toBe(status);
    expect((await post(server, 'k1-1', 2)).status).toBe(200);
    expect((await post(server, 'k1-1', 3)).status).toBe(200);
    expect(calls).toBe(2);
  });

  test(
    'whatever repeats and whatever runs at once: each event has its effect once, and one answer',
    { timeout: 240_000 },
    async () => {
      using set = open();
      let run = 0;
      const effects = new Map<string, number>();
      const failing = new Set<string>();
      const say: Say = async (ctx, text) => {
        // Gives others their turn in the middle, now and then.
        if (text.length % 2 === 0) await new Promise(setImmediate);
        if (failing.delete(text)) throw new Error('fails once');
        const count = (effects.get(text) ?? 0) + 1;
        effects.set(text, count);
        return ctx.log(`${text} ${count}`);
      };
      await using started = new Disposables();
      const servers: RunningServer[] = [];
      for (const store of set.stores) servers.push(started.use(await serve(store, say)));
      const attempts = fc.array(fc.record({ n: fc.nat(5), server: fc.nat(1), fails: fc.boolean() }), {
        minLength: 1,
        maxLength: 12,
      });
      await fc.assert(
        fc.asyncProperty(fc.array(attempts, { minLength: 1, maxLength: 3 }), async (rounds) => {
          run += 1;
          const posted = new Set<string>();
          for (const round of rounds) {
            const answers = round.map(async ({ n, server, fails }) => {
              const id = `run${run}-${n}`;
              posted.add(id);
              if (fails && !effects.has(id)) failing.add(id);
              const to = servers[server] ?? servers[0]!;
              return { id, answer: await post(to, id) };
            });
            for (const { id, answer } of await Promise.all(answers)) {
              if (answer.status === 500) continue;
              expect(answer).toMatchObject({ status: 200, body: [{ text: `${id} 1` }] });
            }
          }
          for (const id of posted) {
            // A broker tries until it has a good answer.
            failing.delete(id);
            expect(await post(servers[0]!, id)).toMatchObject({ status: 200 });
            expect([id, effects.get(id)]).toEqual([id, 1]);
          }
        }),
        { numRuns: 60 },
      );
    },
  );
});

test('events are handled each time without a store, and where they have no id', async () => {
  const say = vi.fn<Say>();
  await using without = await serve(undefined, say);
  await post(without, 'k1-1');
  await post(without, 'k1-1', 2);
  expect(say).toHaveBeenCalledTimes(2);
  const once = vi.fn<DedupeStore['once']>();
  const backend = createBackend({}, { dedupe: { once }, messages: { say: (ctx) => ctx.log('x') } });
  const event = { message: { type: 'client-say' }, connection: { ip: '::1', wskey: 'k1' } };
  expect((await backend.handle(event)).status).toBe(200);
  expect(once).not.toHaveBeenCalled();
});

test.each([true, memoryStore, {}])('refuses at the start a dedupe that is no store: %s', (dedupe) => {
  expect(() => createBackend({}, { dedupe: dedupe as never })).toThrow(
    'dedupe has no method `once`: expected',
  );
});

test('an event that another attempt is at work on is answered 503, to come again a second later', async () => {
  const onError = vi.fn<() => void>();
  const once = async (id: string): Promise<never> => Promise.reject(new EventBusy(id));
  const backend = createBackend({}, { dedupe: { once }, onError });
  await using server = running(await listening(createServer(backend.nodeHandler)));
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'webhook-id': 'k1-1' },
    body: '{"message":{"type":"client-say"},"connection":{"wskey":"k1"}}',
  };
  const answers = [await fetch(server.url, request), await backend.fetch(new Request(server.url, request))];
  for (const answer of answers) {
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ error: { code: 'event-busy' } });
  }
  expect(onError).not.toHaveBeenCalled();
});

test('a store that fails is answered 500, and onError is told', async () => {
  const onError = vi.fn<(...args: unknown[]) => void>();
  const error = new Error('disk full');
  const backend = createBackend({}, { dedupe: { once: async () => Promise.reject(error) }, onError });
  await using server = running(await listening(createServer(backend.nodeHandler)));
  expect((await post(server, 'k1-1')).status).toBe(500);
  expect(onError.mock.calls[0]?.[0]).toBe(error);
});
