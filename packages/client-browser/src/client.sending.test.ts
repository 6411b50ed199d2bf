import { describe, expect, test, vi } from 'vitest';
import { errorWith, openClient, settle, startClient, fakeTimeInEachTest } from '../test/fake-client.ts';

fakeTimeInEachTest();

describe('sending', () => {
  test('writes into an open socket', async () => {
    using started = await openClient();
    started.client.send({ type: 'say', text: 'hi' });
    expect(started.network.latest.sent).toEqual(['{"type":"say","text":"hi"}']);
    expect(started.client.status.queued).toBe(0);
  });

  test('queues while away, and sends in order, before what is sent later', async () => {
    using started = startClient({ autoConnect: false });
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
    using started = await openClient();
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
    using started = await openClient();
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
    using started = startClient({ maxQueuedMessages: 2 });
    const { client, network } = started;
    client.send({ type: 'a' });
    client.send({ type: 'b' });
    expect(() => client.send({ type: 'c' })).toThrow(errorWith('queue-full'));
    expect(client.status.queued).toBe(2);
    await settle();
    network.latest.open();
    expect(network.latest.messages).toEqual([{ type: 'a' }, { type: 'b' }]);
    client.send({ type: 'c' });
    expect(network.latest.messages).toHaveLength(3);
  });

  test('throws queue-full past maxQueuedBytes, counted as UTF-8', () => {
    const message = { type: 'x', text: '€€€' };
    using started = startClient({ maxQueuedBytes: Buffer.byteLength(JSON.stringify(message)) });
    started.client.send(message);
    expect(() => started.client.send({ type: 'y' })).toThrow(errorWith('queue-full'));
  });

  test('queues nothing with maxQueuedMessages 0, and still sends', async () => {
    using started = startClient({ maxQueuedMessages: 0 });
    const { client, network } = started;
    expect(() => client.send({ type: 'a' })).toThrow(errorWith('queue-full'));
    await settle();
    network.latest.open();
    client.send({ type: 'b' });
    expect(network.latest.messages).toEqual([{ type: 'b' }]);
  });

  test('throws queue-full when the open socket holds back maxQueuedBytes', async () => {
    using started = await openClient({ maxQueuedBytes: 100 });
    const { client, network } = started;
    network.latest.bufferedAmount = 90;
    expect(() => client.send({ type: 'a' })).toThrow(errorWith('queue-full'));
    network.latest.bufferedAmount = 80;
    client.send({ type: 'a' });
    expect(network.latest.messages).toEqual([{ type: 'a' }]);
  });

  test('throws what JSON cannot hold and what is too large, sent or queued', async () => {
    using started = startClient({ maxMessageBytes: 20 });
    const { client, network } = started;
    const refuse = () => {
      expect(() => client.send({ type: 'x', n: 1n })).toThrow(errorWith('not-json'));
      expect(() => client.send({ type: 'x', text: 'much too long' })).toThrow(errorWith('too-large'));
    };
    refuse();
    await settle();
    network.latest.open();
    refuse();
    expect(network.latest.sent).toEqual([]);
  });

  test('throws closed after a close', async () => {
    using started = await openClient();
    const { client, network } = started;
    network.latest.end(4999);
    expect(() => client.send({ type: 'a' })).toThrow(errorWith('closed'));
  });
});

describe('firstMessages', () => {
  test('go before the queue on every new connection', async () => {
    let room = 'a';
    using started = startClient({ firstMessages: () => [{ type: 'join', room }, { type: 'name' }] });
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
    using started = startClient({
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
    using started = startClient({
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
    using started = startClient({
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
