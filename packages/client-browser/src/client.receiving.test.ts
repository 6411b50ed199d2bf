import { describe, expect, test, vi } from 'vitest';
import { errorWith, openClient, fakeTimeInEachTest } from '../test/fake-client.ts';

fakeTimeInEachTest();

describe('receiving', () => {
  test('calls the listeners of the type, then those of *', async () => {
    using started = await openClient();
    const { client, network } = started;
    const seen: string[] = [];
    client.on('*', (message) => seen.push(`* ${message.type}`));
    client.on('said', (message) => seen.push(`said ${String(message['text'])}`));
    network.latest.receive({ type: 'said', text: 'hi' });
    network.latest.receive({ type: 'left' });
    expect(seen).toEqual(['said hi', '* said', '* left']);
  });

  test('stops with the undo, and goes on over sockets without it', async () => {
    using started = await openClient();
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
    using started = await openClient();
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
    using started = await openClient({
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
    using started = await openClient();
    const { client, network, errors } = started;
    const all = vi.fn<() => void>();
    client.on('*', all);
    network.latest.receiveText('hello');
    network.latest.receiveText(new ArrayBuffer(1));
    expect(errors).toEqual([errorWith('bad-message'), errorWith('bad-message')]);
    expect(all).not.toHaveBeenCalled();
    expect(client.status.state).toBe('open');
  });

  test('does not take the names of objects for listeners', async () => {
    using started = await openClient();
    for (const type of ['__proto__', 'constructor', 'toString']) started.network.latest.receive({ type });
    expect(started.errors).toEqual([]);
  });

  test('gives broker-error to its listeners', async () => {
    using started = await openClient();
    const { client, network, errors } = started;
    const refusals: string[] = [];
    client.on('broker-error', ({ code: reason, text }) => refusals.push(`${reason}: ${text}`));
    network.latest.receive({ type: 'broker-error', code: 'bad-message', text: 'no type' });
    expect(refusals).toEqual(['bad-message: no type']);
    expect(errors).toEqual([]);
  });

  test('reports a broker-error that nobody hears', async () => {
    using started = await openClient();
    const { client, network, errors } = started;
    network.latest.receive({ type: 'broker-error', code: 'too-large', text: 'too large' });
    expect(errors).toEqual([errorWith('refused')]);
    const off = client.on('*', () => undefined);
    network.latest.receive({ type: 'broker-error', code: 'too-large', text: 'too large' });
    off();
    network.latest.receive({ type: 'broker-error', code: 'too-large', text: 'too large' });
    expect(errors).toHaveLength(2);
  });

  test('stops at close(), whatever the socket still says', async () => {
    using started = await openClient();
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
    using started = await openClient();
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
    using started = await openClient();
    const { client, network } = started;
    const stream = client.messages();
    network.latest.end();
    await vi.advanceTimersByTimeAsync(250);
    network.latest.open();
    network.latest.receive({ type: 'x' });
    expect((await stream.next()).value).toEqual({ type: 'x' });
  });

  test('ends when the broker closes for good', async () => {
    using started = await openClient();
    const read = started.client.messages().next();
    started.network.latest.end(4500);
    expect(await read).toEqual({ done: true, value: undefined });
  });

  test('is at its end at once where the client is closed', async () => {
    using started = await openClient();
    started.client.close();
    expect(await started.client.messages().next()).toEqual({ done: true, value: undefined });
  });

  test('throws buffer-full when it is read too slowly', async () => {
    using started = await openClient({ maxBufferedMessages: 1 });
    const stream = started.client.messages();
    started.network.latest.receive({ type: 'a' });
    started.network.latest.receive({ type: 'b' });
    expect((await stream.next()).value).toEqual({ type: 'a' });
    await expect(stream.next()).rejects.toEqual(errorWith('buffer-full'));
  });

  test('counts as somebody who hears a broker-error, while it is read', async () => {
    using started = await openClient();
    const { client, network, errors } = started;
    const stream = client.messages('broker-error');
    network.latest.receive({ type: 'broker-error', code: 'too-large', text: 'too large' });
    expect((await stream.next()).value).toMatchObject({ code: 'too-large' });
    expect(errors).toEqual([]);
  });
});
