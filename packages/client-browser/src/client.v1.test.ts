import { describe, expect, test, vi } from 'vitest';
import { errorWith, fakeTimeInEachTest, openClient, settle, startClient } from '../test/fake-client.ts';
import { openV1, welcome } from '../test/fake-v1.ts';

fakeTimeInEachTest();

/** Long enough for the first two waits. */
const backAfterMs = 600;

describe('opening', () => {
  test('asks for the subprotocol, and with protocol plain for none', async () => {
    using v1 = startClient();
    using plain = startClient({ protocol: 'plain' });
    await settle();
    expect(v1.network.latest.protocols).toEqual(['wsbroker.v1']);
    expect(plain.network.latest.protocols).toEqual([]);
  });

  test('is open once the broker has said so, then confirms the token, and sends what waits', async () => {
    using started = startClient({ firstMessages: () => [{ type: 'join' }] });
    const { client, network } = started;
    client.send({ type: 'say' });
    await settle();
    network.latest.protocol = 'wsbroker.v1';
    network.latest.open();
    expect(client.status.state).toBe('connecting');
    expect(network.latest.messages).toEqual([['open', {}]]);
    welcome(network.latest, { connection: 'wskey' });
    expect(client.status).toMatchObject({ state: 'open', connection: 'wskey', queued: 0, unsettled: 2 });
    expect(network.latest.messages.slice(-3)).toEqual([['ack', 0], { type: 'join' }, { type: 'say' }]);
  });

  test('gives up a broker that opens the socket and then says nothing', async () => {
    using started = startClient({ connectTimeoutMs: 3_000 });
    await settle();
    started.network.latest.protocol = 'wsbroker.v1';
    started.network.latest.open();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(started.client.status).toMatchObject({ state: 'waiting', reason: 'no answer within 3000 ms' });
  });

  test('P55: speaks plain with a broker that does not agree', async () => {
    using started = await openClient();
    expect(started.network.latest.sent).toEqual([]);
    expect(started.client.status).toMatchObject({ state: 'open' });
    expect(started.client.status.connection).toBeUndefined();
  });

  test('P57: says nothing between open and opened, though the frames of a lost socket wait to be acknowledged', async () => {
    using started = await openV1();
    const { network } = started;
    network.latest.receive({ type: 'said' });
    network.latest.end(1006);
    // An attempt comes at once, so that the time for the acknowledgement runs out in the middle of it.
    started.client.connect();
    await settle();
    network.latest.protocol = 'wsbroker.v1';
    network.latest.open();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(network.latest.messages).toEqual([['open', { token: expect.any(String) as string, received: 1 }]]);
  });

  test('ignores frames that it does not know, and reports what is none', async () => {
    using started = await openV1();
    const { errors, network } = started;
    network.latest.receive(['dance', 1]);
    network.latest.receive(['pong']);
    expect(errors).toEqual([]);
    network.latest.receiveText('[1,');
    network.latest.receiveText('["opened"]');
    expect(errors).toEqual([errorWith('bad-message'), errorWith('bad-message')]);
  });
});

describe('what was sent', () => {
  test('goes through its states, and tells who follows', async () => {
    using started = startClient();
    const { client, network } = started;
    const sent = client.send({ type: 'a' });
    const seen: string[] = [];
    const undo = sent.subscribe((state) => seen.push(state));
    await settle();
    welcome(network.latest);
    network.latest.receive(['ack', 1]);
    network.latest.receive(['delivered', 1]);
    expect(seen).toEqual(['queued', 'sent', 'acknowledged', 'delivered']);
    expect(sent.state).toBe('delivered');
    expect(await sent.settled).toEqual({ outcome: 'delivered' });
    undo();
  });

  test('is numbered by counting: ack and delivered settle all up to theirs', async () => {
    using started = await openV1();
    const { client, network } = started;
    const sent = ['a', 'b', 'c', 'd'].map((type) => client.send({ type }));
    const states = () => sent.map(({ state }) => state);
    network.latest.receive(['ack', 3]);
    expect(states()).toEqual(['acknowledged', 'acknowledged', 'acknowledged', 'sent']);
    network.latest.receive(['delivered', 2]);
    expect(states()).toEqual(['delivered', 'delivered', 'acknowledged', 'sent']);
    expect(client.status.unsettled).toBe(2);
    network.latest.receive(['delivered', 4]);
    expect(states()).toEqual(Array(4).fill('delivered'));
    expect(new Set(sent.map(({ id }) => id)).size).toBe(4);
  });

  test('that failed says why, and leaves the numbers of the others alone', async () => {
    using started = await openV1();
    const { client, network } = started;
    const [first, second, third] = [
      client.send({ type: 'a' }),
      client.send({ type: 'b' }),
      client.send({ type: 'c' }),
    ];
    network.latest.receive(['failed', 2, 'refused', 'no']);
    expect(await second.settled).toEqual({ outcome: 'failed', code: 'refused', text: 'no' });
    network.latest.receive(['delivered', 3]);
    expect([first.state, second.state, third.state]).toEqual(['delivered', 'failed', 'delivered']);
    const last = client.send({ type: 'd' });
    network.latest.receive(['ack', 4]);
    network.latest.receive(['failed', 4, 'not-delivered', 'late']);
    expect(last.state).toBe('failed');
    expect(client.status.unsettled).toBe(0);
  });

  test('and failed unwatched goes to broker-error, and to onError when nobody listens', async () => {
    using started = await openV1();
    const { client, network, errors } = started;
    const off = client.on('broker-error', (message) => errors.push(message));
    client.send({ type: 'a' });
    network.latest.receive(['failed', 1, 'refused', 'no']);
    expect(errors).toEqual([{ type: 'broker-error', code: 'refused', text: 'no' }]);
    off();
    client.send({ type: 'b' });
    network.latest.receive(['failed', 2, 'refused', 'no']);
    expect(errors[1]).toMatchObject({ code: 'refused', wireCode: 'refused' });
    void client.send({ type: 'c' }).settled;
    client.send({ type: 'd' }).subscribe(() => undefined);
    network.latest.receive(['failed', 3, 'refused', 'no']);
    network.latest.receive(['failed', 4, 'refused', 'no']);
    expect(errors).toHaveLength(2);
  });

  test('fails as closed with the client, without an error for anybody', async () => {
    using started = await openV1();
    const { client, network, errors } = started;
    const written = client.send({ type: 'a' });
    network.latest.end();
    const queued = client.send({ type: 'b' });
    expect(client.status).toMatchObject({ queued: 1, unsettled: 2 });
    client.close();
    expect(client.status).toMatchObject({ queued: 1, unsettled: 0 });
    expect(await written.settled).toMatchObject({ outcome: 'failed', code: 'closed' });
    expect(await queued.settled).toMatchObject({ outcome: 'failed', code: 'closed' });
    expect(errors).toEqual([]);
  });

  test('stays sent on the plain wire, and its outcome is unknown', async () => {
    using started = await openClient();
    const sent = started.client.send({ type: 'a' });
    expect(sent.state).toBe('sent');
    expect(await sent.settled).toEqual({ outcome: 'unknown' });
    expect(started.client.status.unsettled).toBe(0);
  });

  test('is bounded in bytes by what is not acknowledged', async () => {
    const message = { type: 'a' };
    using started = await openV1({ maxQueuedBytes: 3 * JSON.stringify(message).length });
    const { client, network } = started;
    for (let n = 0; n < 3; n++) client.send(message);
    expect(() => client.send(message)).toThrow(errorWith('queue-full'));
    network.latest.receive(['ack', 1]);
    client.send(message);
    expect(network.latest.messages.slice(2)).toHaveLength(4);
  });

  test('may be as large as the broker says: what waited and is larger fails without being sent', async () => {
    using started = startClient();
    const { client, network } = started;
    const large = client.send({ type: 'a', text: 'x'.repeat(100) });
    const small = client.send({ type: 'b' });
    await settle();
    welcome(network.latest, { maxMessageBytes: 50 });
    expect(await large.settled).toMatchObject({ outcome: 'failed', code: 'too-large' });
    expect(small.state).toBe('sent');
    expect(() => client.send({ type: 'a', text: 'x'.repeat(100) })).toThrow(errorWith('too-large'));
    network.latest.receive(['delivered', 1]);
    expect(small.state).toBe('delivered');
  });
});

describe('resuming', () => {
  test('shows token and count, and sends again what was not acknowledged', async () => {
    using started = await openV1({ firstMessages: () => [{ type: 'join' }] }, { token: 'mine' });
    const { client, network } = started;
    const sent = [1, 2, 3].map((n) => client.send({ type: 'n', n }));
    network.latest.receive(['ack', 2]);
    network.latest.receive({ type: 'x' });
    network.latest.end();
    client.send({ type: 'n', n: 4 });
    await vi.advanceTimersByTimeAsync(backAfterMs);
    welcome(network.latest, { resumed: true, received: 3, token: 'next' });
    expect(network.latest.messages).toEqual([
      ['open', { token: 'mine', received: 1 }],
      ['ack', 1],
      { type: 'n', n: 3 },
      { type: 'n', n: 4 },
    ]);
    network.latest.receive(['delivered', 4]);
    expect(sent.map(({ state }) => state)).toEqual(Array(3).fill('delivered'));
    network.latest.end();
    await vi.advanceTimersByTimeAsync(backAfterMs);
    welcome(network.latest, { resumed: true, received: 5 });
    expect(network.latest.messages).toEqual([
      ['open', { token: 'next', received: 1 }],
      ['ack', 1],
    ]);
    expect(client.status.unsettled).toBe(1);
  });

  test('sends again a message that failed when its number was not acknowledged', async () => {
    using started = await openV1();
    const { client, network } = started;
    client.send({ type: 'a' });
    const failed = client.send({ type: 'b' });
    void failed.settled;
    const last = client.send({ type: 'c' });
    network.latest.receive(['failed', 2, 'bad-message', 'no']);
    network.latest.end();
    await vi.advanceTimersByTimeAsync(backAfterMs);
    welcome(network.latest, { resumed: true });
    expect(network.latest.messages.slice(2)).toEqual([{ type: 'a' }, { type: 'b' }, { type: 'c' }]);
    network.latest.receive(['failed', 2, 'bad-message', 'no']);
    network.latest.receive(['delivered', 3]);
    expect([failed.state, last.state]).toEqual(['failed', 'delivered']);
    expect(client.status.unsettled).toBe(0);
  });

  test('P83: that is not possible: tells of the gap, and settles what nobody knows of', async () => {
    using started = await openV1({ firstMessages: () => [{ type: 'join' }] });
    const { client, network } = started;
    const gaps: unknown[] = [];
    client.onGap((gap) => gaps.push([gap, client.status.state]));
    const lost = client.send({ type: 'a' });
    const again = client.send({ type: 'b' });
    network.latest.receive(['ack', 2]);
    network.latest.receive({ type: 'x' });
    network.latest.end();
    await vi.advanceTimersByTimeAsync(backAfterMs);
    welcome(network.latest, { connection: 'key-2' });
    expect(network.latest.messages.slice(1)).toEqual([['ack', 0], { type: 'join' }, { type: 'b' }]);
    expect(await lost.settled).toMatchObject({ outcome: 'failed', code: 'connection-lost' });
    network.latest.receive(['delivered', 2]);
    expect(again.state).toBe('delivered');
    expect(gaps).toEqual([[{ resumed: false }, 'open']]);
    expect(client.status.connection).toBe('key-2');
  });

  test('forgets first messages that the lost connection did not acknowledge: the new one gets its own', async () => {
    using started = await openV1({ firstMessages: () => [{ type: 'join' }] });
    started.network.latest.end();
    await vi.advanceTimersByTimeAsync(backAfterMs);
    welcome(started.network.latest);
    expect(started.network.latest.messages.slice(2)).toEqual([{ type: 'join' }]);
    expect(started.client.status.unsettled).toBe(1);
  });

  test('sends first messages again that were not acknowledged when it goes on', async () => {
    using started = await openV1({ firstMessages: () => [{ type: 'join' }] });
    started.network.latest.end();
    await vi.advanceTimersByTimeAsync(backAfterMs);
    welcome(started.network.latest, { resumed: true });
    expect(started.network.latest.messages.slice(2)).toEqual([{ type: 'join' }]);
  });

  test('P84: with a gap goes on upwards, counts anew downwards, and tells', async () => {
    using started = await openV1();
    const { client, network } = started;
    const gaps: unknown[] = [];
    client.onGap((gap) => gaps.push(gap));
    const sent = client.send({ type: 'a' });
    network.latest.receive(['ack', 1]);
    network.latest.receive({ type: 'x' });
    network.latest.end();
    await vi.advanceTimersByTimeAsync(backAfterMs);
    welcome(network.latest, { resumed: true, gap: true, received: 1 });
    expect(network.latest.messages).toEqual([
      ['open', { token: 'token-1', received: 1 }],
      ['ack', 0],
    ]);
    network.latest.receive(['delivered', 1]);
    expect(sent.state).toBe('delivered');
    expect(gaps).toEqual([{ resumed: true }]);
  });

  test('tells no gap at first, nor after a close and connect of one’s own', async () => {
    using started = startClient();
    const { client, network } = started;
    const listener = vi.fn<() => void>();
    client.onGap(listener);
    await settle();
    welcome(network.latest);
    client.close();
    client.connect();
    await settle();
    welcome(network.latest);
    expect(network.latest.messages[0]).toEqual(['open', {}]);
    expect(listener).not.toHaveBeenCalled();
  });

  test('tells of a gap at each opening but the first on the plain wire', async () => {
    using started = await openClient();
    const listener = vi.fn<() => void>();
    const undo = started.client.onGap(listener);
    for (const wanted of [1, 2]) {
      started.network.latest.end();
      await vi.advanceTimersByTimeAsync(600);
      started.network.latest.open();
      expect(listener).toHaveBeenCalledTimes(wanted);
    }
    undo();
  });

  test('drops the socket of a page that was left without a code, and goes on when it is shown', async () => {
    const page = new EventTarget();
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    using started = await openV1();
    const { network } = started;
    page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
    expect(network.latest.closes).toEqual([[undefined, undefined]]);
    expect(vi.getTimerCount()).toBe(0);
    page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    await settle();
    welcome(network.latest, { resumed: true });
    expect(network.latest.messages[0]).toEqual(['open', { token: 'token-1', received: 0 }]);
  });
});

describe('acknowledging', () => {
  test('P66: comes within a second, for messages, replies and failures alike', async () => {
    using started = await openV1();
    const { network } = started;
    network.latest.receive({ type: 'x' });
    network.latest.receive(['reply', 99, {}]);
    network.latest.receive(['failed', 99, 'refused', '']);
    network.latest.receive(['status', { backend: 'up', queued: 0 }]);
    await vi.advanceTimersByTimeAsync(999);
    expect(network.latest.messages.slice(2)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(network.latest.messages.slice(2)).toEqual([['ack', 3]]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(network.latest.messages.slice(2)).toHaveLength(1);
  });

  test('P66: of however many messages is one a second', async () => {
    using started = await openV1({}, { replayMessages: 8 });
    for (let n = 0; n < 50; n++) started.network.latest.receive({ type: 'x', n });
    expect(started.network.latest.messages.slice(2)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(started.network.latest.messages.slice(2)).toEqual([['ack', 50]]);
  });

  test('counts what is no message as well', async () => {
    using started = await openV1();
    started.network.latest.receiveText('hello');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(started.errors).toEqual([errorWith('bad-message')]);
    expect(started.network.latest.messages.at(-1)).toEqual(['ack', 1]);
  });
});

describe('the backend', () => {
  test('is up until the broker says that it is down, and after a new opening', async () => {
    using started = await openV1();
    const { client, network } = started;
    expect(client.status.backend).toBe('up');
    network.latest.receive(['status', { backend: 'down', queued: 3 }]);
    expect(client.status.backend).toBe('down');
    network.latest.end();
    await vi.advanceTimersByTimeAsync(backAfterMs);
    welcome(network.latest, { resumed: true });
    expect(client.status.backend).toBe('up');
  });
});

describe('bye', () => {
  test('P75: says when to come back', async () => {
    using started = await openV1();
    const { client, network } = started;
    network.latest.receive(['bye', 1001, 4_000]);
    expect(client.status.state).toBe('open');
    network.latest.end(1001);
    // Half of `minMs` is drawn on top.
    await vi.advanceTimersByTimeAsync(4_249);
    expect(network.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(network.sockets).toHaveLength(2);
  });

  test('does not outlive its socket', async () => {
    using started = await openV1();
    const { network } = started;
    network.latest.receive(['bye', 1001, 4_000]);
    network.latest.end(1001);
    await vi.advanceTimersByTimeAsync(4_250);
    network.latest.end();
    await vi.advanceTimersByTimeAsync(500);
    expect(network.sockets).toHaveLength(3);
  });
});

describe('the heartbeat', () => {
  const silenceMs = 30_000;

  test('asks after silence, and is content with an answer', async () => {
    using started = await openV1();
    const { client, network } = started;
    await vi.advanceTimersByTimeAsync(silenceMs - 1);
    expect(network.latest.messages.slice(2)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(network.latest.messages.slice(2)).toEqual([['ping']]);
    network.latest.receive(['pong']);
    await vi.advanceTimersByTimeAsync(silenceMs - 1);
    expect(network.latest.messages.slice(2)).toHaveLength(1);
    expect(client.status.state).toBe('open');
  });

  test('does not ask while something is heard', async () => {
    using started = await openV1();
    for (let n = 0; n < 10; n++) {
      await vi.advanceTimersByTimeAsync(silenceMs - 1_000);
      started.network.latest.receive(['ack', 0]);
    }
    expect(started.network.latest.messages.slice(2)).toEqual([]);
  });

  test('drops a socket that stays silent, and comes back', async () => {
    using started = await openV1({ heartbeatTimeoutMs: 5_000 });
    const { client, network } = started;
    await vi.advanceTimersByTimeAsync(silenceMs + 5_000);
    expect(client.status).toMatchObject({
      state: 'waiting',
      closeCode: 1006,
      reason: 'no answer to a ping within 5000 ms',
    });
    expect(network.latest.closes).toHaveLength(1);
    network.latest.receive({ type: 'late' });
    await vi.advanceTimersByTimeAsync(backAfterMs);
    expect(network.sockets).toHaveLength(2);
  });

  test('is not there on the plain wire', async () => {
    using started = await openClient();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(started.network.latest.sent).toEqual([]);
    expect(started.client.status.state).toBe('open');
  });

  test('P74: answers a ping of the broker', async () => {
    using started = await openV1();
    started.network.latest.receive(['ping']);
    expect(started.network.latest.messages.at(-1)).toEqual(['pong']);
  });
});
