import type { ErrorResult, ListCountResult, MatchedResult } from '@wsbroker/protocol';
import { expectTypeOf, test } from 'vitest';
import type { Chat } from '../test/chat.ts';
import { createBrokerClient } from './broker-client.ts';
import type { ListPage, ResultOf } from './command-result.ts';
import { close, custom, list, log, send, session } from './command.ts';
import type { ConnectionOf } from './target.ts';

const broker = createBrokerClient<Chat>({ url: 'http://127.0.0.1:31002/' });
const open = createBrokerClient({ url: 'http://127.0.0.1:31002/' });
type Connection = ConnectionOf<Chat>;

test('run gives each command its own result, in a tuple', () => {
  const run = () =>
    broker.run([
      list({ match: { room: 'lobby' } }),
      send({ type: 'said', who: 'Ada', text: 'hello' }),
      session({ name: 'Ada' }, { match: {} }),
      close({ match: { name: 'Mallory' } }),
      log('x'),
      list({ count: true }),
      list({ limit: 10 }),
      custom('mine'),
    ]);
  expectTypeOf(run).returns.resolves.toEqualTypeOf<
    [
      readonly Connection[] | ErrorResult,
      MatchedResult | ErrorResult,
      MatchedResult | ErrorResult,
      MatchedResult | ErrorResult,
      null | ErrorResult,
      ListCountResult | ErrorResult,
      ListPage<Connection> | ErrorResult,
      unknown,
    ]
  >();
});

test('run takes a list made elsewhere', () => {
  const commands = [send({ type: 'cleared' }), log('x')];
  const run = () => broker.run(commands);
  expectTypeOf(run).returns.resolves.toEqualTypeOf<(MatchedResult | null | ErrorResult)[]>();
});

test('run refuses what is not of the contract', () => {
  // @ts-expect-error no message of this type
  void (() => broker.run([send({ type: 'sayd' })]));
  // @ts-expect-error no field of the session
  void (() => broker.run([list({ match: { rom: 'lobby' } })]));
  // @ts-expect-error no field of the session
  void (() => broker.run([list({ fields: ['nme'] })]));
  // @ts-expect-error no list
  void (() => broker.run(log('x')));
});

test('the options of list say what its result is', () => {
  type Listed<Options> = ResultOf<Chat, { type: 'list' } & Options>;
  expectTypeOf<Listed<object>>().toEqualTypeOf<readonly Connection[]>();
  expectTypeOf<Listed<{ count: true; limit: 5 }>>().toEqualTypeOf<ListCountResult>();
  expectTypeOf<Listed<{ count: false; limit: 5 }>>().toEqualTypeOf<ListPage<Connection>>();
  expectTypeOf<Listed<{ count: boolean }>>().toEqualTypeOf<ListCountResult | readonly Connection[]>();
  expectTypeOf<Listed<{ limit?: number }>>().toEqualTypeOf<ListPage<Connection> | readonly Connection[]>();
  const names = () => broker.list({ fields: ['name', 'ip'] });
  type Name = Awaited<ReturnType<typeof names>>[number];
  expectTypeOf<Name['name']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Name['ip']>().toEqualTypeOf<string>();
  expectTypeOf<Name>().not.toHaveProperty('room');
});

test('shortcuts give the result itself', () => {
  expectTypeOf(() => broker.send({ type: 'cleared' })).returns.resolves.toEqualTypeOf<MatchedResult>();
  expectTypeOf(() => broker.close({ match: {} })).returns.resolves.toEqualTypeOf<MatchedResult>();
  expectTypeOf(() => broker.list()).returns.resolves.toEqualTypeOf<readonly Connection[]>();
  expectTypeOf(() => broker.list({ count: true })).returns.resolves.toEqualTypeOf<ListCountResult>();
});

test('shortcuts refuse what is not of the contract', () => {
  // @ts-expect-error no message of this type
  void (() => broker.send({ type: 'sayd' }));
  // @ts-expect-error no field of the session
  void (() => broker.send({ type: 'cleared' }, { match: { rom: 'x' } }));
  // @ts-expect-error a field is of another type
  void (() => broker.session({ name: 7 }, { match: {} }));
});

test('closing and changing everybody must be said', () => {
  // @ts-expect-error without match this would close everybody
  void (() => broker.close({}));
  // @ts-expect-error without match this would close everybody
  void (() => broker.close({ except: { name: 'Ada' } }));
  // @ts-expect-error without match this would rename everybody
  void (() => broker.session({ name: 'Ada' }));
});

test('a client without a contract takes anything', () => {
  void (() => open.send({ type: 'anything', n: 1 }, { match: { x: 1 } }));
  void (() => open.session({ x: 1 }, { match: { y: [1, null] }, add: { z: [1] } }));
  void (() => open.run([send({ type: 'x' }), list({ fields: ['a'] }), custom('mine')]));
});

test('a secret is a text or a list of them, and not a variable that may not be set', () => {
  createBrokerClient({ url: 'http://127.0.0.1:31002/', secret: 'whsec_x' });
  createBrokerClient({ url: 'http://127.0.0.1:31002/', secret: ['whsec_x', 'whsec_y'] as const });
  // @ts-expect-error it would turn signatures off where they are meant
  createBrokerClient({ url: 'http://127.0.0.1:31002/', secret: process.env['WSBROKER_SECRET'] });
});
