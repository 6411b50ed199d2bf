import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createClient } from './create-client.ts';
import { FakeNetwork } from '../test/fake-socket.ts';
import type { ClientOptions } from './options.ts';
import type { SocketClass } from './socket-like.ts';
import type { ClientStatus } from './status.ts';

const startMs = 1_000_000;

beforeEach(() => {
  vi.useFakeTimers({ now: startMs });
});
afterEach(() => {
  vi.unstubAllGlobals();
  if (vi.getTimerCount() > 0) throw new Error('A closed client has left a timer');
  vi.useRealTimers();
});

/** Lets the promise of the URL settle. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

const start = (options: Partial<ClientOptions> = {}) => {
  const network = new FakeNetwork();
  const errors: unknown[] = [];
  const client = createClient({
    url: 'ws://broker.example/',
    WebSocket: network.WebSocket,
    onError: (error) => errors.push(error),
    random: () => 0.5,
    ...options,
  });
  return { client, network, errors, [Symbol.dispose]: () => client.close() };
};

/** A client with an open socket. */
const open = async (options: Partial<ClientOptions> = {}) => {
  const started = start(options);
  await settle();
  started.network.latest.open();
  return started;
};

const code = (wanted: string): unknown => expect.objectContaining({ name: 'ClientError', code: wanted });

describe('connecting', () => {
  test('begins at once, and tells each state', async () => {
    using started = start();
    const { client, network } = started;
    const states: string[] = [];
    client.subscribe(({ state }) => states.push(state));
    await settle();
    expect(network.latest.url).toBe('ws://broker.example/');
    network.latest.open();
    network.latest.end(4000, 'late');
    await vi.advanceTimersByTimeAsync(250);
    network.latest.open();
    client.close();
    expect(states).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open', 'closed']);
  });

  test('waits for connect() with autoConnect false', async () => {
    using started = start({ autoConnect: false });
    const { client, network } = started;
    await settle();
    expect(client.status).toEqual({ state: 'idle', attempt: 0, queued: 0 });
    expect(network.sockets).toHaveLength(0);
    client.connect();
    client.connect();
    await settle();
    expect(network.sockets).toHaveLength(1);
  });

  test('makes no socket when it is closed in the same turn, and one when it is connected again', async () => {
    using started = start();
    const { client, network } = started;
    client.close();
    client.connect();
    await settle();
    expect(network.sockets).toHaveLength(1);
    client.close();
    client.connect();
    client.close();
    await settle();
    expect(network.sockets).toHaveLength(1);
    expect(network.latest.closes).toEqual([[1000, '']]);
  });

  test('gives up an attempt after connectTimeoutMs, and ignores what it says later', async () => {
    using started = start({ connectTimeoutMs: 3_000 });
    const { client, network } = started;
    await settle();
    const first = network.latest;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(client.status).toEqual({
      state: 'waiting',
      attempt: 1,
      queued: 0,
      retryAtMs: startMs + 3_250,
      closeCode: 1006,
      reason: 'no answer within 3000 ms',
    });
    expect(first.closes).toHaveLength(1);
    first.open();
    first.receive({ type: 'x' });
    first.end(1000);
    expect(client.status.state).toBe('waiting');
  });

  test('asks a url function at each attempt, and counts its failures as attempts', async () => {
    const url = vi
      .fn<() => Promise<string>>()
      .mockRejectedValueOnce(new Error('no token'))
      .mockResolvedValueOnce('ftp://no.example')
      .mockResolvedValue('https://broker.example/?token=3');
    using started = start({ url });
    const { client, network } = started;
    await settle();
    expect(client.status).toMatchObject({ state: 'waiting', attempt: 1, reason: 'Error: no token' });
    await vi.advanceTimersByTimeAsync(250);
    expect(client.status).toMatchObject({ state: 'waiting', attempt: 2 });
    expect(client.status.reason).toContain('ftp://no.example');
    await vi.advanceTimersByTimeAsync(500);
    expect(network.latest.url).toBe('wss://broker.example/?token=3');
  });

  test('does not take an older socket for the one it waits for', async () => {
    using started = start({ connectTimeoutMs: 1_000 });
    const { client, network } = started;
    await vi.advanceTimersByTimeAsync(1_250);
    const [first, second] = network.sockets;
    first?.open();
    expect(client.status.state).toBe('connecting');
    second?.open();
    first?.end();
    expect(client.status.state).toBe('open');
  });

  test('takes no URL that comes after the attempt was given up', async () => {
    let resolve = (_url: string): void => undefined;
    const promise = new Promise<string>((take) => (resolve = take));
    const url = vi
      .fn<() => Promise<string>>()
      .mockReturnValueOnce(promise)
      .mockResolvedValue('ws://second.example');
    using started = start({ url, connectTimeoutMs: 1_000 });
    await vi.advanceTimersByTimeAsync(1_250);
    resolve('ws://first.example');
    await settle();
    expect(started.network.sockets.map((socket) => socket.url)).toEqual(['ws://second.example/']);
  });

  test('counts a constructor that throws as a failed attempt', async () => {
    const refuse = function () {
      throw new Error('SecurityError');
    } as unknown as SocketClass;
    using started = start({ WebSocket: refuse });
    await settle();
    expect(started.client.status).toMatchObject({ state: 'waiting', reason: 'Error: SecurityError' });
  });

  test('says so where there is no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined);
    expect(() => createClient({ url: 'ws://broker.example' })).toThrow(code('no-websocket'));
  });

  test('needs a WebSocket and a base for its URL only once it connects', () => {
    vi.stubGlobal('WebSocket', undefined);
    const client = createClient({ url: '/ws', autoConnect: false });
    expect(client.status.state).toBe('idle');
    client.close();
  });

  test('refuses a fixed URL that cannot work', () => {
    expect(() => start({ url: '/ws' })).toThrow(code('bad-url'));
    expect(() => start({ url: 'mailto:a@b.example' })).toThrow(code('bad-url'));
  });
});

describe('coming back', () => {
  test('spreads its waits, up to maxMs, while nothing answers', async () => {
    using started = start({ backoff: { minMs: 100, maxMs: 400 } });
    const { client, network } = started;
    const waits: number[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      await settle();
      network.latest.end();
      const waitMs = (client.status.retryAtMs ?? NaN) - Date.now();
      waits.push(waitMs);
      await vi.advanceTimersByTimeAsync(waitMs);
    }
    expect(waits).toEqual([50, 100, 200, 200, 200]);
    expect(network.sockets).toHaveLength(6);
  });

  test('starts its waits anew after a peace of stableAfterMs, and only then', async () => {
    using started = await open();
    const { client, network } = started;
    network.latest.end();
    await vi.advanceTimersByTimeAsync(250);
    network.latest.open();
    await vi.advanceTimersByTimeAsync(4_999);
    network.latest.end();
    expect(client.status.attempt).toBe(2);
    await vi.advanceTimersByTimeAsync(500);
    network.latest.open();
    await vi.advanceTimersByTimeAsync(5_000);
    network.latest.end();
    expect(client.status.attempt).toBe(1);
  });

  test('tries at once when asked while it waits', async () => {
    using started = await open();
    const { client, network } = started;
    network.latest.end();
    client.connect();
    await settle();
    expect(network.sockets).toHaveLength(2);
    expect(client.status.state).toBe('connecting');
    await vi.advanceTimersByTimeAsync(9_999);
    expect(network.sockets).toHaveLength(2);
  });

  test('stays closed when the broker says so, and connect() starts anew', async () => {
    using started = await open();
    const { client, network } = started;
    network.latest.end(4500, 'banned');
    expect(client.status).toEqual({
      state: 'closed',
      attempt: 0,
      queued: 0,
      closeCode: 4500,
      reason: 'banned',
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(network.sockets).toHaveLength(1);
    client.connect();
    expect(client.status).toEqual({ state: 'connecting', attempt: 0, queued: 0 });
    await settle();
    expect(network.sockets).toHaveLength(2);
  });
});

describe('sending', () => {
  test('writes into an open socket', async () => {
    using started = await open();
    started.client.send({ type: 'say', text: 'hi' });
    expect(started.network.latest.sent).toEqual(['{"type":"say","text":"hi"}']);
    expect(started.client.status.queued).toBe(0);
  });

  test('queues while away, and sends in order, before what is sent later', async () => {
    using started = start({ autoConnect: false });
    const { client, network } = started;
    client.send({ type: 'n', n: 1 });
    client.connect();
    client.send({ type: 'n', n: 2 });
    expect(client.status.queued).toBe(2);
    await settle();
    client.subscribe(({ state }) => state === 'open' && client.send({ type: 'n', n: 4 }));
    client.send({ type: 'n', n: 3 });
    network.latest.open();
    client.send({ type: 'n', n: 5 });
    expect(network.latest.messages).toEqual([1, 2, 3, 4, 5].map((n) => ({ type: 'n', n })));
    expect(client.status.queued).toBe(0);
  });

  test('keeps the queue over lost sockets', async () => {
    using started = await open();
    const { client, network } = started;
    network.latest.end();
    client.send({ type: 'a' });
    await vi.advanceTimersByTimeAsync(250);
    network.latest.end();
    client.send({ type: 'b' });
    await vi.advanceTimersByTimeAsync(500);
    network.latest.open();
    expect(network.latest.messages).toEqual([{ type: 'a' }, { type: 'b' }]);
  });

  test('queues while the socket is closing, since that one would swallow it', async () => {
    using started = await open();
    const { client, network } = started;
    network.latest.readyState = 2;
    client.send({ type: 'a' });
    expect(client.status).toMatchObject({ state: 'open', queued: 1 });
    network.latest.end(1001);
    await vi.advanceTimersByTimeAsync(250);
    network.latest.open();
    expect(network.latest.messages).toEqual([{ type: 'a' }]);
  });

  test('throws queue-full past maxQueuedMessages, and loses nothing of what it took', async () => {
    using started = start({ maxQueuedMessages: 2 });
    const { client, network } = started;
    client.send({ type: 'a' });
    client.send({ type: 'b' });
    expect(() => client.send({ type: 'c' })).toThrow(code('queue-full'));
    expect(client.status.queued).toBe(2);
    await settle();
    network.latest.open();
    expect(network.latest.messages).toEqual([{ type: 'a' }, { type: 'b' }]);
    client.send({ type: 'c' });
    expect(network.latest.messages).toHaveLength(3);
  });

  test('throws queue-full past maxQueuedBytes, counted as UTF-8', () => {
    const message = { type: 'x', text: '€€€' };
    using started = start({ maxQueuedBytes: Buffer.byteLength(JSON.stringify(message)) });
    started.client.send(message);
    expect(() => started.client.send({ type: 'y' })).toThrow(code('queue-full'));
  });

  test('queues nothing with maxQueuedMessages 0, and still sends', async () => {
    using started = start({ maxQueuedMessages: 0 });
    const { client, network } = started;
    expect(() => client.send({ type: 'a' })).toThrow(code('queue-full'));
    await settle();
    network.latest.open();
    client.send({ type: 'b' });
    expect(network.latest.messages).toEqual([{ type: 'b' }]);
  });

  test('throws queue-full when the open socket holds back maxQueuedBytes', async () => {
    using started = await open({ maxQueuedBytes: 100 });
    const { client, network } = started;
    network.latest.bufferedAmount = 90;
    expect(() => client.send({ type: 'a' })).toThrow(code('queue-full'));
    network.latest.bufferedAmount = 80;
    client.send({ type: 'a' });
    expect(network.latest.messages).toEqual([{ type: 'a' }]);
  });

  test('throws what JSON cannot hold and what is too large, sent or queued', async () => {
    using started = start({ maxMessageBytes: 20 });
    const { client, network } = started;
    const refuse = () => {
      expect(() => client.send({ type: 'x', n: 1n })).toThrow(code('not-json'));
      expect(() => client.send({ type: 'x', text: 'much too long' })).toThrow(code('too-large'));
    };
    refuse();
    await settle();
    network.latest.open();
    refuse();
    expect(network.latest.sent).toEqual([]);
  });

  test('throws closed after a close', async () => {
    using started = await open();
    const { client, network } = started;
    network.latest.end(4999);
    expect(() => client.send({ type: 'a' })).toThrow(code('closed'));
  });
});

describe('firstMessages', () => {
  test('go before the queue on every new connection', async () => {
    let room = 'a';
    using started = start({ firstMessages: () => [{ type: 'join', room }, { type: 'name' }] });
    const { client, network } = started;
    client.send({ type: 'say' });
    await settle();
    network.latest.open();
    expect(network.latest.messages).toEqual([{ type: 'join', room: 'a' }, { type: 'name' }, { type: 'say' }]);
    room = 'b';
    network.latest.end();
    client.send({ type: 'again' });
    await vi.advanceTimersByTimeAsync(250);
    network.latest.open();
    expect(network.latest.messages).toEqual([
      { type: 'join', room: 'b' },
      { type: 'name' },
      { type: 'again' },
    ]);
  });

  test('that throw are reported, and the queue is sent all the same', async () => {
    const fault = new Error('mine');
    using started = start({
      firstMessages: () => {
        throw fault;
      },
    });
    const { client, network, errors } = started;
    client.send({ type: 'say' });
    await settle();
    network.latest.open();
    expect(errors).toEqual([fault]);
    expect(network.latest.messages).toEqual([{ type: 'say' }]);
  });

  test('go before what their function itself sends, which goes after the queue', async () => {
    using started = start({
      firstMessages: () => {
        started.client.send({ type: 'sent' });
        return [{ type: 'first' }];
      },
    });
    const { client, network } = started;
    client.send({ type: 'queued' });
    await settle();
    network.latest.open();
    expect(network.latest.messages).toEqual([{ type: 'first' }, { type: 'queued' }, { type: 'sent' }]);
  });

  test('may close the client', async () => {
    using started = start({
      firstMessages: () => {
        started.client.close(3001);
        return [{ type: 'late' }];
      },
    });
    await settle();
    started.network.latest.open();
    expect(started.client.status).toMatchObject({ state: 'closed', closeCode: 3001 });
    expect(started.network.latest.sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(started.network.sockets).toHaveLength(1);
  });
});

describe('receiving', () => {
  test('calls the listeners of the type, then those of *', async () => {
    using started = await open();
    const { client, network } = started;
    const seen: string[] = [];
    client.on('*', (message) => seen.push(`* ${message.type}`));
    client.on('said', (message) => seen.push(`said ${String(message['text'])}`));
    network.latest.receive({ type: 'said', text: 'hi' });
    network.latest.receive({ type: 'left' });
    expect(seen).toEqual(['said hi', '* said', '* left']);
  });

  test('stops with the undo, and goes on over sockets without it', async () => {
    using started = await open();
    const { client, network } = started;
    const stopped = vi.fn<() => void>();
    const kept = vi.fn<() => void>();
    const off = client.on('x', stopped);
    client.on('x', kept);
    off();
    network.latest.receive({ type: 'x' });
    network.latest.end();
    await vi.advanceTimersByTimeAsync(250);
    network.latest.open();
    network.latest.receive({ type: 'x' });
    expect(stopped).not.toHaveBeenCalled();
    expect(kept).toHaveBeenCalledTimes(2);
  });

  test('reports a listener that throws, and calls the others', async () => {
    using started = await open();
    const { client, network, errors } = started;
    const fault = new Error('mine');
    const other = vi.fn<() => void>();
    client.on('x', () => {
      throw fault;
    });
    client.on('x', other);
    network.latest.receive({ type: 'x' });
    expect(other).toHaveBeenCalledTimes(1);
    expect(errors).toEqual([fault]);
  });

  test('survives an onError that throws', async () => {
    const reportError = vi.fn<(error: unknown) => void>();
    vi.stubGlobal('reportError', reportError);
    const second = new Error('second');
    using started = await open({
      onError: () => {
        throw second;
      },
    });
    const { client, network } = started;
    const other = vi.fn<() => void>();
    client.on('x', () => {
      throw new Error('first');
    });
    client.on('x', other);
    network.latest.receive({ type: 'x' });
    expect(other).toHaveBeenCalledTimes(1);
    expect(reportError).toHaveBeenCalledExactlyOnceWith(second);
  });

  test('reports what is no message', async () => {
    using started = await open();
    const { client, network, errors } = started;
    const all = vi.fn<() => void>();
    client.on('*', all);
    network.latest.receiveText('hello');
    network.latest.receiveText(new ArrayBuffer(1));
    expect(errors).toEqual([code('bad-message'), code('bad-message')]);
    expect(all).not.toHaveBeenCalled();
    expect(client.status.state).toBe('open');
  });

  test('does not take the names of objects for listeners', async () => {
    using started = await open();
    for (const type of ['__proto__', 'constructor', 'toString']) started.network.latest.receive({ type });
    expect(started.errors).toEqual([]);
  });

  test('gives broker-error to its listeners', async () => {
    using started = await open();
    const { client, network, errors } = started;
    const refusals: string[] = [];
    client.on('broker-error', ({ code: reason, text }) => refusals.push(`${reason}: ${text}`));
    network.latest.receive({ type: 'broker-error', code: 'bad-message', text: 'no type' });
    expect(refusals).toEqual(['bad-message: no type']);
    expect(errors).toEqual([]);
  });

  test('reports a broker-error that nobody hears', async () => {
    using started = await open();
    const { client, network, errors } = started;
    network.latest.receive({ type: 'broker-error', code: 'too-large', text: 'too large' });
    expect(errors).toEqual([code('refused')]);
    const off = client.on('*', () => undefined);
    network.latest.receive({ type: 'broker-error', code: 'too-large', text: 'too large' });
    off();
    network.latest.receive({ type: 'broker-error', code: 'too-large', text: 'too large' });
    expect(errors).toHaveLength(2);
  });

  test('stops at close(), whatever the socket still says', async () => {
    using started = await open();
    const { client, network } = started;
    const listener = vi.fn<() => void>();
    client.on('*', listener);
    client.close();
    network.latest.receive({ type: 'late' });
    network.latest.end(1000);
    expect(listener).not.toHaveBeenCalled();
  });
});

describe('messages()', () => {
  test('loops over messages until the client closes', async () => {
    using started = await open();
    const { client, network } = started;
    const stream = client.messages();
    const said = client.messages('said');
    network.latest.receive({ type: 'said', n: 1 });
    network.latest.receive({ type: 'left', n: 2 });
    client.close();
    const all: unknown[] = [];
    for await (const message of stream) all.push(message.type);
    const some: unknown[] = [];
    for await (const message of said) some.push(message['n']);
    expect(all).toEqual(['said', 'left']);
    expect(some).toEqual([1]);
  });

  test('goes on over lost sockets', async () => {
    using started = await open();
    const { client, network } = started;
    const stream = client.messages();
    network.latest.end();
    await vi.advanceTimersByTimeAsync(250);
    network.latest.open();
    network.latest.receive({ type: 'x' });
    expect((await stream.next()).value).toEqual({ type: 'x' });
  });

  test('ends when the broker closes for good', async () => {
    using started = await open();
    const read = started.client.messages().next();
    started.network.latest.end(4500);
    expect(await read).toEqual({ done: true, value: undefined });
  });

  test('is at its end at once where the client is closed', async () => {
    using started = await open();
    started.client.close();
    expect(await started.client.messages().next()).toEqual({ done: true, value: undefined });
  });

  test('throws buffer-full when it is read too slowly', async () => {
    using started = await open({ maxBufferedMessages: 1 });
    const stream = started.client.messages();
    started.network.latest.receive({ type: 'a' });
    started.network.latest.receive({ type: 'b' });
    expect((await stream.next()).value).toEqual({ type: 'a' });
    await expect(stream.next()).rejects.toEqual(code('buffer-full'));
  });

  test('counts as somebody who hears a broker-error, while it is read', async () => {
    using started = await open();
    const { client, network, errors } = started;
    const stream = client.messages('broker-error');
    network.latest.receive({ type: 'broker-error', code: 'too-large', text: 'too large' });
    expect((await stream.next()).value).toMatchObject({ code: 'too-large' });
    expect(errors).toEqual([]);
  });
});

describe('status', () => {
  test('is one frozen object until something changes', async () => {
    using started = await open();
    const { client, network } = started;
    const before = client.status;
    expect(Object.isFrozen(before)).toBe(true);
    client.send({ type: 'x' });
    network.latest.receive({ type: 'y' });
    client.connect();
    expect(client.status).toBe(before);
    network.latest.end();
    expect(client.status).not.toBe(before);
    expect(before.state).toBe('open');
  });

  test('is told at once, at each change, and no more after the undo', async () => {
    using started = start();
    const { client, network } = started;
    const seen: ClientStatus[] = [];
    const undo = client.subscribe((status) => seen.push(status));
    client.send({ type: 'x' });
    await settle();
    network.latest.open();
    expect(seen.map(({ state, queued }) => [state, queued])).toEqual([
      ['connecting', 0],
      ['connecting', 1],
      ['open', 0],
    ]);
    undo();
    network.latest.end();
    expect(seen).toHaveLength(3);
  });

  test('is not told of what changes nothing', async () => {
    using started = start();
    const { client } = started;
    const listener = vi.fn<() => void>();
    client.subscribe(listener);
    client.connect();
    await settle();
    client.connect();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  test('is never told in the wrong order, though a listener changes it', async () => {
    using started = await open();
    const { client, network } = started;
    const seen: string[] = [];
    client.subscribe(({ state }) => state === 'waiting' && client.close());
    client.subscribe(({ state }) => seen.push(state));
    network.latest.end();
    expect(seen.slice(0, 2)).toEqual(['open', 'closed']);
    expect(new Set(seen)).toEqual(new Set(['open', 'closed']));
  });

  test('is told to the others when one listener throws', async () => {
    using started = await open();
    const { client, network, errors } = started;
    const seen: string[] = [];
    client.subscribe(() => {
      throw new Error('mine');
    });
    client.subscribe(({ state }) => seen.push(state));
    network.latest.end();
    expect(seen).toEqual(['open', 'waiting']);
    expect(errors).toHaveLength(2);
  });

  test('functions may be taken off the client', async () => {
    using started = await open();
    const { send, on, subscribe, connect, messages, close } = started.client;
    send({ type: 'x' });
    on('x', () => undefined)();
    subscribe(() => undefined)();
    connect();
    void messages().return?.();
    close();
    expect(started.client.status.state).toBe('closed');
  });
});

describe('close()', () => {
  test('closes the socket with code and reason', async () => {
    using started = await open();
    started.client.close(3000, 'bye');
    expect(started.network.latest.closes[0]).toEqual([3000, 'bye']);
    expect(started.client.status).toEqual({
      state: 'closed',
      attempt: 0,
      queued: 0,
      closeCode: 3000,
      reason: 'bye',
    });
  });

  test('gives up what is queued, says how much, and does not send it later', async () => {
    using started = start();
    const { client, network } = started;
    client.send({ type: 'a' });
    client.send({ type: 'b' });
    client.close();
    expect(client.status).toMatchObject({ state: 'closed', queued: 2 });
    client.connect();
    expect(client.status.queued).toBe(0);
    await settle();
    network.latest.open();
    expect(network.latest.sent).toEqual([]);
  });

  test('throws what the socket throws of a bad code, and changes nothing', async () => {
    using started = await open();
    expect(() => started.client.close(1001)).toThrow('InvalidAccessError');
    expect(started.client.status.state).toBe('open');
  });

  test('ends the waiting', async () => {
    using started = await open();
    started.network.latest.end();
    started.client.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(started.network.sockets).toHaveLength(1);
  });

  test('may be called twice, and by using', async () => {
    const network = new FakeNetwork();
    {
      using client = createClient({ url: 'ws://broker.example/', WebSocket: network.WebSocket });
      await settle();
      network.latest.open();
      client.close();
    }
    expect(network.latest.closes).toHaveLength(1);
  });
});
