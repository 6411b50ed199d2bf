import { describe, expect, test, vi } from 'vitest';
import {
  errorWith,
  openClient,
  settle,
  startClient,
  startMs,
  fakeTimeInEachTest,
  calm,
} from '../test/fake-client.ts';
import { createClient } from './create-client.ts';
import type { SocketClass } from './socket-like.ts';

fakeTimeInEachTest();

describe('connecting', () => {
  test('begins at once, and tells each state', async () => {
    using started = startClient();
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
    using started = startClient({ autoConnect: false });
    const { client, network } = started;
    await settle();
    expect(client.status).toEqual({ state: 'idle', ...calm, attempt: 0 });
    expect(network.sockets).toHaveLength(0);
    client.connect();
    client.connect();
    await settle();
    expect(network.sockets).toHaveLength(1);
  });

  test('makes no socket when it is closed in the same turn, and one when it is connected again', async () => {
    using started = startClient();
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
    using started = startClient({ connectTimeoutMs: 3_000 });
    const { client, network } = started;
    await settle();
    const first = network.latest;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(client.status).toEqual({
      ...calm,
      state: 'waiting',
      attempt: 1,

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
    using started = startClient({ url });
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
    using started = startClient({ connectTimeoutMs: 1_000 });
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
    using started = startClient({ url, connectTimeoutMs: 1_000 });
    await vi.advanceTimersByTimeAsync(1_250);
    resolve('ws://first.example');
    await settle();
    expect(started.network.sockets.map((socket) => socket.url)).toEqual(['ws://second.example/']);
  });

  test('counts a constructor that throws as a failed attempt', async () => {
    const refuse = function () {
      throw new Error('SecurityError');
    } as unknown as SocketClass;
    using started = startClient({ WebSocket: refuse });
    await settle();
    expect(started.client.status).toMatchObject({ state: 'waiting', reason: 'Error: SecurityError' });
  });

  test('says so where there is no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined);
    expect(() => createClient({ url: 'ws://broker.example' })).toThrow(errorWith('no-websocket'));
  });

  test('needs a WebSocket and a base for its URL only once it connects', () => {
    vi.stubGlobal('WebSocket', undefined);
    const client = createClient({ url: '/ws', autoConnect: false });
    expect(client.status.state).toBe('idle');
    client.close();
  });

  test('refuses a fixed URL that cannot work', () => {
    expect(() => startClient({ url: '/ws' })).toThrow(errorWith('bad-url'));
    expect(() => startClient({ url: 'mailto:a@b.example' })).toThrow(errorWith('bad-url'));
  });
});

describe('coming back', () => {
  test('spreads its waits, up to maxMs, while nothing answers', async () => {
    using started = startClient({ backoff: { minMs: 100, maxMs: 400 } });
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
    using started = await openClient();
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
    using started = await openClient();
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
    using started = await openClient();
    const { client, network } = started;
    network.latest.end(4500, 'banned');
    expect(client.status).toEqual({
      ...calm,
      state: 'closed',
      attempt: 0,

      closeCode: 4500,
      reason: 'banned',
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(network.sockets).toHaveLength(1);
    client.connect();
    expect(client.status).toEqual({ state: 'connecting', ...calm, attempt: 0 });
    await settle();
    expect(network.sockets).toHaveLength(2);
  });
});
