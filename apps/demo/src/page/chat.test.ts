import type { ClientStatus } from '@wsbroker/client-browser';
import { expect, test } from 'vitest';
import type { Line } from '../contract.ts';
import { Chat, type ChatClient } from './chat.ts';
import { Memory } from './memory.ts';

type Message = { readonly type: string; readonly [field: string]: unknown };

/** A client whose socket the test opens and closes, with the client's own rule on first messages. */
class FakeClient {
  readonly sent: Message[] = [];
  refusal: Error | undefined;
  #status: ClientStatus = { state: 'idle', attempt: 0, queued: 0 };
  #first: () => readonly Message[] = () => [];
  #hear: (message: Message) => void = () => {};
  #changed: (status: ClientStatus) => void = () => {};

  create(options: { firstMessages?: (() => readonly Message[]) | undefined }): ChatClient {
    this.#first = options.firstMessages ?? this.#first;
    const status = (): ClientStatus => this.#status;
    return {
      get status() {
        return status();
      },
      on: (_type: string, listener: (message: Message) => void) => (this.#hear = listener),
      subscribe: (listener: (status: ClientStatus) => void) => {
        this.#changed = listener;
        listener(this.#status);
      },
      send: (message: Message) => {
        if (this.refusal) throw this.refusal;
        this.sent.push(message);
      },
      connect: () => this.turn('connecting'),
      close: () => this.turn('closed'),
    } as unknown as ChatClient;
  }

  turn(state: ClientStatus['state']): void {
    this.#status = { state, attempt: 0, queued: 0 };
    if (state === 'open') this.sent.push(...this.#first());
    this.#changed(this.#status);
  }

  hear(message: Message): void {
    this.#hear(message);
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
  return { chat, client, session, memory };
};

const entered = { type: 'entered', user: 'me', name: 'Ada', room: 'lobby', lines: [], hasEarlier: false };
const echo = (chat: Chat, text: string, seq: number): Message => {
  const { id, room } = chat.getState().pending.find((line) => line.text === text)!;
  const line: Line = { seq, id, room, user: 'me', name: 'Ada', text, atMs: 1 };
  return { type: 'said', line };
};

test('nothing connects before there is a name', () => {
  const { chat, client } = startChat();
  expect(client.take()).toEqual([]);
  chat.enter('Ada');
  client.turn('open');
  expect(client.take()).toEqual(['enter']);
});

test('while the socket stays open a line goes out once, however long the backend takes', () => {
  const { chat, client } = startChat();
  chat.enter('Ada');
  client.turn('open');
  client.hear(entered);
  chat.say('one');
  chat.say('two');
  expect(client.take()).toEqual(['enter', 'one', 'two']);
  client.hear(echo(chat, 'one', 1));
  expect(chat.getState().pending.map(({ text }) => text)).toEqual(['two']);
  expect(client.take()).toEqual([]);
});

test('a new socket begins with who this is and every line that was not confirmed, in order, with their ids', () => {
  const { chat, client } = startChat();
  chat.enter('Ada');
  client.turn('open');
  client.hear(entered);
  for (const text of ['one', 'two', 'three']) chat.say(text);
  const ids = chat.getState().pending.map(({ id }) => id);
  client.hear(echo(chat, 'two', 1));
  client.take();
  client.turn('waiting');
  chat.say('four');
  expect(client.take()).toEqual([]);
  client.turn('connecting');
  client.turn('open');
  expect(client.sent[1]).toMatchObject({ id: ids[0], room: 'lobby' });
  expect(client.take()).toEqual(['enter', 'one', 'three', 'four']);
});

test('a page that is loaded again goes on where it was', () => {
  const { chat, client, session } = startChat();
  chat.enter('Ada', 'coffee');
  client.turn('open');
  chat.say('one');
  const enter = client.sent[0];
  const again = startChat(session);
  again.client.turn('open');
  expect(again.client.sent[0]).toEqual(enter);
  expect(again.client.take()).toEqual(['enter', 'one']);
});

test('a line keeps the room that it was written in', () => {
  const { chat, client } = startChat();
  chat.enter('Ada');
  client.turn('open');
  client.hear(entered);
  chat.say('one');
  chat.enter('Ada', 'coffee');
  client.turn('waiting');
  client.take();
  client.turn('open');
  expect(client.sent).toMatchObject([
    { type: 'enter', room: 'coffee' },
    { type: 'say', room: 'lobby' },
  ]);
});

test('after a name was refused the next one takes the waiting lines along', () => {
  const { chat, client, memory } = startChat();
  chat.enter('Ada');
  client.turn('open');
  client.hear(entered);
  chat.say('one');
  client.turn('waiting');
  client.turn('open');
  client.take();
  client.hear({ type: 'name-taken', name: 'Ada', text: 'taken' });
  expect(chat.getState().wish).toBeUndefined();
  chat.enter('Eda');
  expect(client.take()).toEqual(['enter', 'one']);
  client.hear({ ...entered, name: 'Eda' });
  expect(memory.lastName).toBe('Eda');
});

test('a line that the client does not take is shown as failed, and can be tried again', () => {
  const { chat, client } = startChat();
  chat.enter('Ada');
  client.turn('open');
  client.hear(entered);
  client.refusal = new Error('full');
  chat.say('one');
  const [failed] = chat.getState().pending;
  expect(failed?.problem).toBe('full');
  client.refusal = undefined;
  client.take();
  chat.sayAgain(failed!.id);
  expect(client.take()).toEqual(['one']);
  expect(chat.getState().pending[0]).not.toHaveProperty('problem');
});

test('typing is told now and then, and not while nobody could hear it', () => {
  const { chat, client } = startChat();
  chat.enter('Ada');
  chat.typing();
  client.turn('open');
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
  const { chat, client } = startChat();
  chat.enter('Ada');
  client.turn('open');
  chat.loadEarlier();
  const line: Line = { seq: 9, id: 'line-0009', room: 'lobby', user: 'b', name: 'B', text: 'x', atMs: 1 };
  client.hear({ ...entered, lines: [line], hasEarlier: true });
  client.take();
  chat.loadEarlier();
  chat.loadEarlier();
  expect(client.sent).toEqual([{ type: 'earlier', room: 'lobby', beforeSeq: 9 }]);
});

test('who leaves is asked for a name again', () => {
  const { chat, client, session } = startChat();
  chat.enter('Ada');
  client.turn('open');
  client.hear(entered);
  chat.leave();
  expect(chat.client.status.state).toBe('closed');
  expect(startChat(session).chat.getState().wish).toBeUndefined();
});
