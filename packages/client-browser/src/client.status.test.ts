import { describe, expect, test, vi } from 'vitest';
import { calm, openClient, settle, startClient, fakeTimeInEachTest } from '../test/fake-client.ts';
import { FakeNetwork } from '../test/fake-socket.ts';
import { createClient } from './create-client.ts';
import type { ClientStatus } from './status.ts';

fakeTimeInEachTest();

describe('status', () => {
  test('is one frozen object until something changes', async () => {
    using started = await openClient();
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
    using started = startClient();
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
    using started = startClient();
    const { client } = started;
    const listener = vi.fn<() => void>();
    client.subscribe(listener);
    client.connect();
    await settle();
    client.connect();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  test('is never told in the wrong order, though a listener changes it', async () => {
    using started = await openClient();
    const { client, network } = started;
    const seen: string[] = [];
    client.subscribe(({ state }) => state === 'waiting' && client.close());
    client.subscribe(({ state }) => seen.push(state));
    network.latest.end();
    expect(seen.slice(0, 2)).toEqual(['open', 'closed']);
    expect(new Set(seen)).toEqual(new Set(['open', 'closed']));
  });

  test('is told to the others when one listener throws', async () => {
    using started = await openClient();
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
    using started = await openClient();
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
    using started = await openClient();
    started.client.close(3000, 'bye');
    expect(started.network.latest.closes[0]).toEqual([3000, 'bye']);
    expect(started.client.status).toEqual({
      ...calm,
      state: 'closed',
      attempt: 0,

      closeCode: 3000,
      reason: 'bye',
    });
  });

  test('gives up what is queued, says how much, and does not send it later', async () => {
    using started = startClient();
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
    using started = await openClient();
    expect(() => started.client.close(1001)).toThrow('InvalidAccessError');
    expect(started.client.status.state).toBe('open');
  });

  test('ends the waiting', async () => {
    using started = await openClient();
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
