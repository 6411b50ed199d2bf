import {
  ClientError,
  type ClientStatus,
  type Sent,
  type SentState,
  type Settled,
} from '@wsbroker/client-browser';
import { expect, test } from 'vitest';
import type { Line } from '../contract.ts';
import { Chat, type ChatClient } from './chat.ts';
import { type StateReply, tickOf } from './chat-state.ts';
import { Memory } from './memory.ts';

type Message = { readonly type: string; readonly [field: string]: unknown };
type Failure = Extract<Settled, { outcome: 'failed' }>;

/** One message, whose way the test decides. */
class FakeSent {
  state: SentState = 'queued';
  readonly settled: Promise<Settled>;
  #settle: (settled: Settled) => void = () => {};
  #listener: (state: SentState) => void = () => {};

  constructor() {
    this.settled = new Promise((resolve) => (this.#settle = resolve));
  }

  subscribe(listener: (state: SentState) => void): () => void {
    this.#listener = listener;
    listener(this.state);
    return () => {};
  }

  move(state: SentState): void {
    this.state = state;
    this.#listener(state);
  }

  async deliver(): Promise<void> {
    this.move('delivered');
    this.#settle({ outcome: 'delivered' });
    await this.settled;
  }

  async fail(code: Failure['code'], text = 'why'): Promise<void> {
    this.move('failed');
    this.#settle({ outcome: 'failed', code, text });
    await this.settled;
  }
}

/** A client whose connections the test begins and ends. */
class FakeClient {
  readonly sent: Message[] = [];
  readonly ways = new Map<unknown, FakeSent>();
  refusal: Error | undefined;
  reply: (state: StateReply) => void = () => {};
  #status: ClientStatus = { state: 'idle', attempt: 0, queued: 0, unsettled: 0, backend: 'up' };
  #first: () => readonly Message[] = () => [];
  #hear: (message: Message) => void = () => {};
  #gap: (gap: { resumed: boolean }) => void = () => {};

  create(options: { firstMessages?: (() => readonly Message[]) | undefined }): ChatClient {
    this.#first = options.firstMessages ?? this.#first;
    const status = (): ClientStatus => this.#status;
    return {
      get status() {
        return status();
      },
      on: (_type: string, listener: (message: Message) => void) => (this.#hear = listener),
      onGap: (listener: (gap: { resumed: boolean }) => void) => (this.#gap = listener),
      send: (message: Message): Sent => {
        if (this.refusal) throw this.refusal;
        this.sent.push(message);
        const sent = new FakeSent();
        this.ways.set(message['text'], sent);
        return {
          id: 1,
          subscribe: (listener) => sent.subscribe(listener),
          settled: sent.settled,
          state: 'queued',
        };
      },
      request: (message: Message) => {
        this.sent.push(message);
        return new Promise<StateReply>((resolve) => (this.reply = resolve));
      },
      connect: () => this.turn('connecting'),
      close: () => this.turn('closed'),
    } as unknown as ChatClient;
  }

  turn(state: ClientStatus['state']): void {
    this.#status = { ...this.#status, state };
  }

  /** A new connection: its first messages go before what was queued. */
  begin(): void {
    this.turn('open');
    this.sent.unshift(...this.#first());
  }

  /** The connection goes on. */
  resume(gap: boolean): void {
    this.turn('open');
    if (gap) this.#gap({ resumed: true });
  }

  hear(message: Message): void {
    this.#hear(message);
  }

  way(text: string): FakeSent {
    const sent = this.ways.get(text);
    if (sent === undefined) throw new Error(`${text} was not sent`);
    return sent;
  }

  /** The types of what was sent since the last call, and the texts of lines. */
  take(): string[] {
    return this.sent.splice(0).map(({ type, text }) => (typeof text === 'string' ? text : type));
  }
}

const storage = () => {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  };
};

const startChat = (session = storage()) => {
  const client = new FakeClient();
  const local = storage();
  const memory = new Memory(
    () => session,
    () => local,
  );
  const chat = new Chat({
    url: 'ws://127.0.0.1:1/',
    memory,
    room: undefined,
    createClient: (options) => client.create(options),
  });
  const pending = (): string[] => chat.getState().pending.map(({ text }) => text);
  const tick = (text: string): string => {
    const state = chat.getState();
    const id = state.pending.find((line) => line.text === text)?.id ?? '';
    return tickOf(state, id).state;
  };
  return { chat, client, session, memory, pending, tick };
};

const entered = { type: 'entered', user: 'me', name: 'Ada', room: 'lobby', lines: [], hasEarlier: false };
const lineOf = (chat: Chat, text: string, seq: number): Line => {
  const { id, room } = chat.getState().pending.find((line) => line.text === text)!;
  return { seq, id, room, user: 'me', name: 'Ada', text, atMs: 1 };
};
const echo = (chat: Chat, text: string, seq: number): Message => ({
  type: 'said',
  line: lineOf(chat, text, seq),
});

/** In the lobby, as Ada. */
const startEntered = () => {
  const started = startChat();
  started.chat.enter('Ada');
  started.client.begin();
  started.client.hear(entered);
  started.client.take();
  return started;
};

test('nothing connects before there is a name', () => {
  const { chat, client } = startChat();
  expect(client.take()).toEqual([]);
  chat.enter('Ada');
  client.begin();
  expect(client.take()).toEqual(['enter']);
});

test('a line shows how far the broker says that it has come', async () => {
  const { chat, client, tick, pending } = startEntered();
  chat.say('one');
  expect(tick('one')).toBe('queued');
  const way = client.way('one');
  way.move('sent');
  expect(tick('one')).toBe('sent');
  way.move('acknowledged');
  expect(tick('one')).toBe('acknowledged');
  await way.deliver();
  expect(tick('one')).toBe('delivered');
  client.hear(echo(chat, 'one', 1));
  expect(pending()).toEqual([]);
  expect(chat.getState().ticks.size).toBe(0);
});

test("a lost socket is the client's own affair: nothing is sent again from here", () => {
  const { chat, client, pending } = startEntered();
  chat.say('one');
  client.turn('waiting');
  chat.say('two');
  expect(client.take()).toEqual(['one', 'two']);
  client.resume(false);
  expect(client.take()).toEqual([]);
  client.hear(echo(chat, 'one', 1));
  client.hear(echo(chat, 'two', 2));
  expect(pending()).toEqual([]);
  expect(chat.getState().isEntered).toBe(true);
});

test('after a gap the state is fetched anew, and what was heard meanwhile comes behind it', async () => {
  const { chat, client, pending } = startEntered();
  chat.say('one');
  client.take();
  client.resume(true);
  expect(client.take()).toEqual(['state']);
  expect(chat.getState().isEntered).toBe(false);
  const other: Line = { seq: 9, id: 'line-0009', room: 'lobby', user: 'b', name: 'B', text: 'x', atMs: 1 };
  client.hear({ type: 'said', line: other });
  client.reply({
    me: { user: 'me', name: 'Ada', room: 'lobby' },
    room: 'lobby',
    lines: [lineOf(chat, 'one', 8)],
    hasEarlier: false,
    people: [],
    rooms: [],
  });
  await Promise.resolve();
  await Promise.resolve();
  expect(pending()).toEqual([]);
  expect(
    chat
      .getState()
      .logs.get('lobby')
      ?.lines.map(({ seq }) => seq),
  ).toEqual([8, 9]);
  expect(chat.getState().isEntered).toBe(true);
  expect(client.take()).toEqual([]);
});

test('a broker that does not know who this is any more is told again', async () => {
  const { client } = startEntered();
  client.resume(true);
  client.reply({ me: null, room: 'lobby', lines: [], hasEarlier: false, people: [], rooms: [] });
  await Promise.resolve();
  await Promise.resolve();
  expect(client.take()).toEqual(['state', 'enter']);
});

test('lines whose connection was lost go out again on the next one, once it has entered and where they are not there yet', async () => {
  const { chat, client } = startEntered();
  for (const text of ['one', 'two', 'three']) chat.say(text);
  const one = lineOf(chat, 'one', 1);
  client.take();
  client.begin();
  await client.way('one').fail('connection-lost');
  await client.way('two').fail('connection-lost');
  expect(client.take()).toEqual(['enter']);
  // Not past the one that waits.
  chat.say('four');
  expect(client.take()).toEqual([]);
  client.hear({ ...entered, lines: [one] });
  expect(client.take()).toEqual(['two', 'four']);
});

test('a page that is loaded again goes on where it was', () => {
  const { chat, client, session } = startChat();
  chat.enter('Ada', 'coffee');
  client.begin();
  const enter = client.sent[0];
  chat.say('one');
  const again = startChat(session);
  again.chat.say('two');
  again.client.begin();
  expect(again.client.sent[0]).toEqual(enter);
  expect(again.client.take()).toEqual(['enter', 'one', 'two']);
  again.client.hear({ ...entered, room: 'coffee' });
  expect(again.client.take()).toEqual([]);
});

test('a line keeps the room that it was written in', () => {
  const { chat, client } = startEntered();
  chat.say('one');
  chat.enter('Ada', 'coffee');
  expect(client.sent).toMatchObject([
    { type: 'say', room: 'lobby' },
    { type: 'enter', room: 'coffee' },
  ]);
});

test('after a name was refused the next one takes the waiting lines along', async () => {
  const { chat, client, memory, tick } = startEntered();
  chat.say('one');
  client.take();
  client.begin();
  client.hear({ type: 'name-taken', name: 'Ada', text: 'taken' });
  const [line] = chat.getState().pending;
  client.hear({ type: 'not-said', id: line!.id });
  await client.way('one').deliver();
  expect(tick('one')).toBe('queued');
  expect(chat.getState().wish).toBeUndefined();
  client.take();
  chat.enter('Eda');
  expect(client.take()).toEqual(['enter']);
  client.hear({ ...entered, name: 'Eda' });
  expect(client.take()).toEqual(['one']);
  expect(memory.lastName).toBe('Eda');
});

test('a line that failed says why, and can be tried again', async () => {
  const { chat, client, tick } = startEntered();
  client.refusal = new ClientError('queue-full', 'full');
  chat.say('one');
  const [line] = chat.getState().pending;
  expect(tickOf(chat.getState(), line!.id)).toEqual({ state: 'failed', problem: 'full' });
  client.refusal = undefined;
  chat.sayAgain(line!.id);
  expect(client.take()).toEqual(['one']);
  await client.way('one').fail('refused', 'The backend said no.');
  expect(tickOf(chat.getState(), line!.id)).toEqual({ state: 'failed', problem: 'The backend said no.' });
  // It holds nobody up, and is not tried again by itself.
  chat.say('two');
  client.hear(entered);
  expect(client.take()).toEqual(['two']);
  expect(tick('one')).toBe('failed');
});

test('what is written while the client is closed goes out when it is connected again', () => {
  const { chat, client, tick } = startEntered();
  client.turn('closed');
  client.refusal = new ClientError('closed', 'closed');
  chat.say('one');
  expect(tick('one')).toBe('queued');
  client.refusal = undefined;
  client.begin();
  client.hear(entered);
  expect(client.take()).toEqual(['enter', 'one']);
});

test('typing is told now and then, and not while nobody could hear it', () => {
  const { chat, client } = startChat();
  chat.enter('Ada');
  chat.typing();
  client.begin();
  client.hear(entered);
  client.take();
  chat.typing();
  chat.typing();
  expect(client.take()).toEqual(['typing']);
  client.turn('waiting');
  chat.typing();
  expect(client.take()).toEqual([]);
});

test('earlier lines are asked for once at a time', () => {
  const { chat, client } = startEntered();
  chat.loadEarlier();
  const line: Line = { seq: 9, id: 'line-0009', room: 'lobby', user: 'b', name: 'B', text: 'x', atMs: 1 };
  client.hear({ ...entered, lines: [line], hasEarlier: true });
  chat.loadEarlier();
  chat.loadEarlier();
  expect(client.sent).toEqual([{ type: 'earlier', room: 'lobby', beforeSeq: 9 }]);
});

test('who leaves is asked for a name again', () => {
  const { chat, session } = startEntered();
  chat.leave();
  expect(chat.client.status.state).toBe('closed');
  expect(startChat(session).chat.getState().wish).toBeUndefined();
});
