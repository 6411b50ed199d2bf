import { afterEach, beforeEach, expect, vi } from 'vitest';
import { createClient } from '../src/create-client.ts';
import type { ClientOptions } from '../src/options.ts';
import { FakeNetwork } from './fake-socket.ts';

/** Of a status when nothing waits. */
export const calm = { queued: 0, unsettled: 0, backend: 'up' } as const;

export const startMs = 1_000_000;

/** Each test of the file gets a clock of its own, and must leave no timer. */
export const fakeTimeInEachTest = (): void => {
  beforeEach(() => {
    vi.useFakeTimers({ now: startMs });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    if (vi.getTimerCount() > 0) throw new Error('A closed client has left a timer');
    vi.useRealTimers();
  });
};

/** Lets the promise of the URL settle. */
export const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

/** A client whose sockets are fakes. */
export const startClient = (options: Partial<ClientOptions> = {}) => {
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
export const openClient = async (options: Partial<ClientOptions> = {}) => {
  const started = startClient(options);
  await settle();
  started.network.latest.open();
  return started;
};

/** Matches a `ClientError` with this code. */
export const errorWith = (wanted: string): unknown =>
  expect.objectContaining({ name: 'ClientError', code: wanted });
