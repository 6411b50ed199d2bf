import { createBackend } from '@wsbroker/backend-node';
import { matches } from '@wsbroker/protocol';
import { expect, test } from 'vitest';
import { contract, type Line } from '../contract.ts';
import { type ChatBroker, chatHandlers } from './chat.ts';
import { History } from './history.ts';

interface Command {
  readonly type: string;
  readonly match?: Record<string, string>;
  readonly except?: Record<string, string>;
  readonly message: {
    readonly type: string;
    readonly user?: string;
    readonly line?: Line;
    readonly lines?: readonly Line[];
  };
}

type Session = Record<string, string>;

/** The backend with a broker's hub beside it, just large enough for `list` and `session`. */
const startChat = () => {
  const history = new History(':memory:', 3);
  const announced: (string | undefined)[][] = [];
  const hub = new Map<string, Session>();
  const broker = {
    list: ({ match, except }: { match: Session; except: Session }) =>
      Promise.resolve({
        count: [...hub.values()].filter((info) => matches(match, info) && !matches(except, info)).length,
      }),
    session: (data: Session, { match }: { match: Session }) => {
      for (const info of hub.values()) if (matches(match, info)) Object.assign(info, data);
      return Promise.resolve({ matched: 1 });
    },
  } as unknown as ChatBroker;
  const presence = {
    announce: (...rooms: (string | undefined)[]) => {
      announced.push(rooms);
      return Promise.resolve();
    },
    look: (room: string) =>
      Promise.resolve({
        people: [...hub.values()]
          .filter((info) => info['room'] === room)
          .map(({ user = '', name = '' }) => ({ user, name })),
        rooms: [{ room, people: 1 }],
      }),
  };
  const backend = createBackend(contract, chatHandlers({ history, presence, broker, now: () => 1_000 }));

  const emit = async (
    wskey: string,
    message: object,
    attempt = 1,
    more: Record<string, string> = {},
  ): Promise<Command[]> => {
    const connection = hub.get(wskey) ?? { wskey, ip: '127.0.0.1' };
    hub.set(wskey, connection);
    const headers = { 'webhook-id': `${wskey}-1`, 'wsbroker-attempt': String(attempt), ...more };
    const answer = await backend.handle({ message, connection: { ...connection }, headers });
    expect(answer.status).toBe(200);
    return JSON.parse(answer.text) as Command[];
  };
  const enter = (wskey: string, name: string, room = 'lobby', token = `token-of-${wskey}-0123456789`) =>
    emit(wskey, { type: 'client-enter', token, name, room });
  return { history, hub, announced, emit, enter };
};

const say = (text: string, room = 'lobby', id = `line-${text}-0`) => ({ type: 'client-say', id, room, text });

test('who enters is given a user, the room and its history, and the others hear of it', async () => {
  const { hub, announced, enter, history } = startChat();
  history.add({ id: 'line-0001', room: 'lobby', user: 'x', name: 'X', text: 'before', atMs: 1 });
  const [command] = await enter('ada', 'Ada');
  expect(command?.match).toBeUndefined();
  expect(command?.message).toMatchObject({ type: 'entered', name: 'Ada', room: 'lobby', hasEarlier: false });
  expect(command?.message.lines?.map(({ text }) => text)).toEqual(['before']);
  expect(hub.get('ada')).toMatchObject({ name: 'Ada', room: 'lobby', user: command?.message.user });
  expect(announced).toEqual([['lobby', undefined]]);
});

test('the same token gives the same user, and does not appear in it', async () => {
  const { enter } = startChat();
  const token = 'a-secret-of-this-tab';
  const [first] = await enter('one', 'Ada', 'lobby', token);
  const [second] = await enter('two', 'Ada', 'lobby', token);
  const [other] = await enter('three', 'Bob');
  expect(second?.message.user).toBe(first?.message.user);
  expect(other?.message.user).not.toBe(first?.message.user);
  expect(JSON.stringify(first)).not.toContain(token);
});

test('a name that somebody else who is here has is refused, whatever its case', async () => {
  const { hub, announced, enter } = startChat();
  await enter('ada', 'Ada');
  const [command] = await enter('mallory', 'ADA', 'coffee');
  expect(command?.message).toMatchObject({ type: 'name-taken', name: 'ADA' });
  expect(hub.get('mallory')).not.toHaveProperty('name');
  expect(announced).toHaveLength(1);
  // Once it is free, it can be had.
  hub.delete('ada');
  expect((await enter('mallory', 'ADA'))[0]?.message.type).toBe('entered');
});

test('to go to another room is told in both', async () => {
  const { announced, enter } = startChat();
  await enter('ada', 'Ada');
  await enter('ada', 'Ada', 'coffee');
  expect(announced.at(-1)).toEqual(['coffee', 'lobby']);
});

test('a line goes to its author and to the room once each, and the other rooms hear that something was said', async () => {
  const { enter, emit } = startChat();
  await enter('ada', 'Ada');
  const commands = await emit('ada', say('hello'));
  expect(commands.map(({ match, except, message }) => [message.type, match, except])).toEqual([
    ['said', undefined, undefined],
    ['said', { room: 'lobby' }, { wskey: 'ada' }],
    ['stirred', undefined, { room: 'lobby' }],
  ]);
  expect(commands[0]?.message.line).toMatchObject({ text: 'hello', name: 'Ada', atMs: 1_000 });
});

test('who said it comes from the session, whatever the message claims', async () => {
  const { enter, emit, hub } = startChat();
  await enter('ada', 'Ada');
  const [command] = await emit('ada', { ...say('hello'), user: 'eve', name: 'Eve', seq: 7, atMs: 3 });
  expect(command?.message.line).toMatchObject({ user: hub.get('ada')!['user'], name: 'Ada', atMs: 1_000 });
});

test('an event that comes twice says the line once, and tells everybody again', async () => {
  const { enter, emit, history } = startChat();
  await enter('ada', 'Ada');
  const first = await emit('ada', say('hello'));
  const again = await emit('ada', say('hello'), 2);
  expect(again).toEqual(first);
  expect(history.page('lobby').lines).toHaveLength(1);
});

test('a line that is sent again from a new socket keeps its room, wherever its author is by now', async () => {
  const { enter, emit, history } = startChat();
  const token = 'a-secret-of-this-tab';
  await enter('first', 'Ada', 'lobby', token);
  await emit('first', say('hello'));
  await enter('second', 'Ada', 'coffee', token);
  await emit('second', say('hello'));
  await emit('second', say('unheard', 'lobby'));
  expect(history.page('coffee').lines).toEqual([]);
  expect(history.page('lobby').lines.map(({ text }) => text)).toEqual(['hello', 'unheard']);
});

test('who has not entered says nothing, types nothing, and is told', async () => {
  const { emit, history } = startChat();
  const [command] = await emit('eve', say('hello'));
  expect(command?.message).toEqual({ type: 'not-said', id: 'line-hello-0' });
  expect(await emit('eve', { type: 'client-typing' })).toEqual([]);
  expect(history.page('lobby').lines).toEqual([]);
});

test('typing goes to the others in the room, and is forgotten when it had to wait', async () => {
  const { enter, emit, hub } = startChat();
  await enter('ada', 'Ada');
  const [command] = await emit('ada', { type: 'client-typing' });
  expect(command).toMatchObject({ match: { room: 'lobby' }, except: { user: hub.get('ada')!['user'] } });
  expect(await emit('ada', { type: 'client-typing' }, 2)).toEqual([]);
});

test('earlier lines are given page by page', async () => {
  const { enter, emit } = startChat();
  await enter('ada', 'Ada');
  for (const text of ['1', '2', '3', '4', '5']) await emit('ada', say(text, 'lobby', `line-000${text}`));
  const [latest] = await enter('bob', 'Bob');
  expect(latest?.message).toMatchObject({ hasEarlier: true });
  const beforeSeq = latest?.message.lines?.[0]?.seq;
  const [earlier] = await emit('bob', { type: 'client-earlier', room: 'lobby', beforeSeq });
  expect(earlier?.message).toMatchObject({ type: 'earlier', room: 'lobby', hasEarlier: false });
  expect(earlier?.message.lines?.map(({ text }) => text)).toEqual(['1', '2']);
});

test('who may have missed something is told how things stand', async () => {
  const { enter, emit, hub } = startChat();
  await enter('ada', 'Ada');
  await emit('ada', say('hello'));
  const state = await emit('ada', { type: 'client-state', room: 'lobby' }, 1, { 'wsbroker-request': '1' });
  const me = { user: hub.get('ada')!['user'], name: 'Ada' };
  expect(state).toEqual([
    {
      type: 'reply',
      message: {
        me: { ...me, room: 'lobby' },
        room: 'lobby',
        lines: [expect.objectContaining({ text: 'hello' })],
        hasEarlier: false,
        people: [me],
        rooms: [{ room: 'lobby', people: 1 }],
      },
    },
  ]);
  const [stranger] = await emit('eve', { type: 'client-state', room: 'lobby' }, 1, {
    'wsbroker-request': '2',
  });
  expect(stranger?.message).toMatchObject({ me: null });
});

test('who leaves is missed in the room', async () => {
  const { enter, emit, announced } = startChat();
  await enter('ada', 'Ada');
  await emit('ada', { type: 'session-disconnect' });
  expect(announced.at(-1)).toEqual(['lobby']);
});

test.each([
  { type: 'client-enter', token: 'short', name: 'Ada', room: 'lobby' },
  { type: 'client-enter', token: 'token-0123456789', name: '*', room: 'lobby' },
  { type: 'client-enter', token: 'token-0123456789', name: 'Ada', room: '*' },
  { type: 'client-say', id: 'line-0001', room: 'lobby', text: 'x'.repeat(1_001) },
  { type: 'client-say', id: 'line-0001', room: 'Lobby', text: 'x' },
  { type: 'client-say', id: '../../x', room: 'lobby', text: 'x' },
  { type: 'client-earlier', room: 'lobby', beforeSeq: -1 },
])('refuses what the contract does not allow: %j', async (message) => {
  const { emit, enter, history } = startChat();
  if (message.type !== 'client-enter') await enter('eve', 'Eve');
  const [command] = await emit('eve', message);
  expect(command?.message.type).toBe('broker-error');
  expect(history.page('lobby').lines).toEqual([]);
});
