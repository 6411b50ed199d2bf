/** Who gets in: no name that a client chooses is the broker's, the backend's or JavaScript's own. */
import { brokerStarter, connectRaw, connectV1, postCommands, startFakeBackend } from '@wsbroker/testkit';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryJson, arbitraryMessageText } from '../../test/arbitrary-message.ts';
import { Broker } from '../index.ts';

const startBroker = brokerStarter(Broker);

test('whatever clients send, the backend hears of one session-connect each, and else of types that begin with client-', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { url: backend.url },
    messagesPerSecond: 100_000,
    messageBurst: 100_000,
  });
  const texts = [
    ...['session-connect', 'session-disconnect', 'client-', '__proto__', 'constructor'].map(
      (type) => `{"type":"${type}"}`,
    ),
    '{"type":"a","type":"session-connect"}',
    '{"\\u0074ype":"session-connect"}',
    '{"b":1,"\\\\u00":1}',
    '{"b":1,"\\u0074ype":"session-connect"}',
    '{"Type":"session-disconnect"}',
    '["session-connect"]',
    '[{"type":"session-connect"}]',
    'null',
    '7',
    '{"type":7}',
    '{"type":["session-connect"]}',
    ...fc.sample(fc.oneof(arbitraryMessageText, arbitraryJson), { numRuns: 400, seed: 4 }),
  ];
  await using plain = await connectRaw(broker.url);
  for (const text of texts) plain.send(text);
  plain.send({ type: 'last' });
  await using client = await connectV1(broker.url);
  // A text that begins as a frame does is one, and ends the socket.
  for (const text of texts) client.send(text.replace(/^\[/, ' ['));
  await client.deliveredUpTo(client.send({ type: 'last' }));
  await backend.next(
    ({ message, connection }) =>
      message.type === 'client-last' && connection['wskey'] !== client.opened.connection,
  );
  const byConnection = Map.groupBy(backend.events, ({ connection }) => connection['wskey']);
  expect(byConnection.size).toBe(2);
  for (const [first, ...others] of byConnection.values()) {
    expect(first?.message).toEqual({ type: 'session-connect' });
    expect(others.length).toBeGreaterThan(50);
    expect(others.filter(({ message }) => !/^client-[A-Za-z0-9._:-]*$/.test(message.type))).toEqual([]);
  }
  expect(backend.refused).toEqual([]);
});

test('`__proto__` and `constructor` as key, type, cookie or criteria reach no prototype, and match nobody', async () => {
  const names = Object.getOwnPropertyNames(Object.prototype).toSorted();
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url, allow: ['127.0.0.1'] } });
  await using client = await connectRaw(broker.url, {
    headers: { cookie: '__proto__=x; __PROTO__=x; constructor=c; prototype=p; x=own' },
  });
  client.send('{"type":"__proto__","__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}');
  client.send('{"type":"constructor","a":[{"\\u005f_proto__":{"x":1}}]}');
  const [proto, constructor] = [
    await backend.next(({ message }) => message.type === 'client-__proto__'),
    await backend.next(({ message }) => message.type === 'client-constructor'),
  ];
  expect(JSON.stringify(proto.message)).toBe(
    '{"type":"client-__proto__","constructor":{"prototype":{"x":1}}}',
  );
  expect(JSON.stringify(constructor.message)).toBe('{"type":"client-constructor","a":[{}]}');
  const { ip: _ip, wskey: _wskey, ...cookies } = proto.connection;
  expect(cookies).toEqual({ constructor: 'c', prototype: 'p', x: 'own' });
  const commands =
    '[{"type":"list","match":{"__proto__":"x"}},{"type":"list","match":{"constructor":"Object"}},{"type":"list","match":{"toString":"x"}},{"type":"list","match":{"constructor":"C"},"count":true}]';
  const { body } = await postCommands(broker.httpUrl, JSON.parse(commands));
  expect(body).toEqual([[], [], [], { count: 1 }]);
  expect(({} as { x?: unknown }).x).toBeUndefined();
  expect(Object.getOwnPropertyNames(Object.prototype).toSorted()).toEqual(names);
});

const many = Array.from({ length: 50 }, (_, n) => `c${n}=x`).join('; ');

/** What a client may try to be taken for. The backend sets `room` and `role`. */
const forgeries: readonly (readonly [what: string, cookie: string])[] = [
  ['room=admin', 'room=admin; role=admin'],
  ['ROOM=admin', 'ROOM=admin; Role=admin'],
  ['room twice', 'room=admin; room=root; ROOM=root'],
  ['ip=', 'ip=6.6.6.6'],
  ['IP=', 'IP=6.6.6.6; Ip=6.6.6.6'],
  ['wskey=', 'wskey=mine; WSKEY=mine; WsKey=mine'],
  ['__proto__=', '__proto__=x; __proto__[room]=admin; constructor=x'],
  ['51 cookies, the last one room', `${many}; room=admin`],
  ['51 cookies, the first one room', `room=admin; ${many}`],
  ['a cookie of 5 KiB', `room=${'x'.repeat(5_120)}; role=admin`],
  ['a name of 5 KiB', `${'x'.repeat(5_120)}=1; ip=6.6.6.6`],
];
const settings: readonly (readonly [what: string, cookies: boolean | string[]])[] = [
  ['all cookies', true],
  ['cookies: false', false],
  ['a list that names it', ['room', 'ROLE', 'ip', 'wskey', '__proto__']],
  ['a list of others', ['c1', 'sid']],
];

describe.each(settings)(
  'P114: a cookie never changes a field of the broker’s or one that the backend has set: %s',
  (_set, cookies) => {
    test.each(forgeries)('%s', async (_what, cookie) => {
      await using backend = await startFakeBackend(({ message }) => {
        if (message.type === 'session-connect')
          return [{ type: 'session', data: { room: 'guests', list: ['a'] } }];
        return message.type === 'client-login' ? [{ type: 'session', data: { role: 'user' } }] : [];
      });
      await using broker = await startBroker({
        backend: { url: backend.url, allow: ['127.0.0.1'] },
        cookies,
      });
      await using client = await connectV1(broker.url, { headers: { cookie } });
      await client.deliveredUpTo(client.send({ type: 'login' }));
      const expected = {
        ip: '127.0.0.1',
        wskey: client.opened.connection,
        room: 'guests',
        role: 'user',
        list: ['a'],
      };
      expect(client.opened.connection).toMatch(/^[\w-]{22}$/);
      const listed = async (): Promise<unknown[]> =>
        (await postCommands(broker.httpUrl, [{ type: 'list', match: { wskey: client.opened.connection } }]))
          .body as unknown[];
      expect(await listed()).toEqual([[expect.objectContaining(expected)]]);

      // Who comes back with the same handshake changes nothing by it; who comes with another one is somebody else.
      await client.terminate();
      const resumed = { token: client.opened.token, received: client.received };
      await using other = await connectV1(broker.url, {
        ...resumed,
        headers: { cookie: `${cookie}; room=other; sid=1` },
      });
      const isOther = other.opened.connection !== client.opened.connection;
      expect(isOther).toBe(!other.opened.resumed);
      await using same = isOther
        ? await connectV1(broker.url, { ...resumed, headers: { cookie } })
        : undefined;
      expect((same ?? other).opened).toMatchObject({ resumed: true, connection: client.opened.connection });
      expect(await listed()).toEqual([[expect.objectContaining(expected)]]);
      expect(Object.keys((await listed()).flat()[0] as object)).not.toContain('__proto__');
    });
  },
);

test('P114: a field that the backend has set stays as it is, whether the client sent a cookie of that name before or comes back with one', async () => {
  await using backend = await startFakeBackend(({ message }) =>
    message.type === 'client-login' ? [{ type: 'session', data: { user: 'ada' } }] : [],
  );
  await using broker = await startBroker({ backend: { url: backend.url }, cookies: ['user', 'sid'] });
  await using forged = await connectV1(broker.url, { headers: { cookie: 'user=root; sid=1' } });
  forged.send({ type: 'login' });
  await forged.deliveredUpTo(forged.send({ type: 'after' }));
  const after = await backend.next(({ message }) => message.type === 'client-after');
  expect(after.connection).toMatchObject({ user: 'ada', sid: '1' });
  await forged.terminate();
  await using again = await connectV1(broker.url, {
    token: forged.opened.token,
    received: forged.received,
    headers: { cookie: 'user=root; sid=1; visits=2' },
  });
  expect(again.opened).toMatchObject({ resumed: true });
  again.send({ type: 'back' });
  expect((await backend.next(({ message }) => message.type === 'client-back')).connection).toEqual(
    after.connection,
  );
});
