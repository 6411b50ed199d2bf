import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClient } from './create-client.ts';
import { FakeNetwork } from '../test/fake-socket.ts';

const page = { target: new EventTarget(), listeners: 0, onLine: true, visibilityState: 'visible' };

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(page, { target: new EventTarget(), listeners: 0, onLine: true, visibilityState: 'visible' });
  vi.stubGlobal('navigator', page);
  vi.stubGlobal('document', { baseURI: 'http://page.example/', ...page });
  vi.stubGlobal('addEventListener', (...args: Parameters<EventTarget['addEventListener']>) => {
    const { signal } = args[2] as { signal: AbortSignal };
    page.listeners++;
    signal.addEventListener('abort', () => page.listeners--);
    page.target.addEventListener(...args);
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const fire = (type: string, fields: object = {}): void => {
  page.target.dispatchEvent(Object.assign(new Event(type), fields));
};
const goOffline = (): void => {
  page.onLine = false;
  fire('offline');
};
const goOnline = (): void => {
  page.onLine = true;
  fire('online');
};
const show = (visibilityState: string): void => {
  Object.assign(document, { visibilityState });
  fire('visibilitychange');
};
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

const open = async () => {
  const network = new FakeNetwork();
  const client = createClient({ url: '/ws', WebSocket: network.WebSocket, random: () => 0.999 });
  await settle();
  network.latest.open();
  return { client, network, [Symbol.dispose]: () => client.close() };
};

test('counts a relative URL from the page', async () => {
  using opened = await open();
  expect(opened.network.latest.url).toBe('ws://page.example/ws');
});

test('drops the socket when the network goes, and connects at once when it comes back', async () => {
  using opened = await open();
  const { client, network } = opened;
  goOffline();
  expect(client.status).toMatchObject({ state: 'offline', closeCode: 1006, reason: 'offline' });
  expect(network.latest.closes).toHaveLength(1);
  client.send({ type: 'kept' });
  goOnline();
  await settle();
  network.latest.open();
  expect(network.sockets).toHaveLength(2);
  expect(network.latest.messages).toEqual([{ type: 'kept' }]);
});

test('goes on trying while offline, since a browser can be wrong', async () => {
  using opened = await open();
  const { client, network } = opened;
  goOffline();
  await vi.advanceTimersByTimeAsync(500);
  expect(network.sockets).toHaveLength(2);
  network.latest.end();
  expect(client.status).toMatchObject({ state: 'offline', attempt: 2 });
  await vi.advanceTimersByTimeAsync(1_000);
  network.latest.open();
  expect(client.status.state).toBe('open');
});

test('says offline when the network goes while it waits, and keeps its moment', async () => {
  using opened = await open();
  const { client, network } = opened;
  network.latest.end();
  const { retryAtMs } = client.status;
  goOffline();
  expect(client.status).toMatchObject({ state: 'offline', retryAtMs });
});

test('tries at once when the page is shown, and not when it is hidden', async () => {
  using opened = await open();
  const { client, network } = opened;
  network.latest.end();
  show('hidden');
  await settle();
  expect(client.status.state).toBe('waiting');
  show('visible');
  await settle();
  expect(network.sockets).toHaveLength(2);
});

test('leaves an open socket alone when the page is hidden and shown', async () => {
  using opened = await open();
  show('hidden');
  show('visible');
  await settle();
  expect(opened.network.sockets).toHaveLength(1);
  expect(opened.client.status.state).toBe('open');
});

test('gives up its socket for the back-forward cache, and connects when the page comes back out', async () => {
  using opened = await open();
  const { client, network } = opened;
  fire('pagehide', { persisted: true });
  expect(client.status.state).toBe('suspended');
  expect(network.latest.closes).toHaveLength(1);
  client.send({ type: 'kept' });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(network.sockets).toHaveLength(1);
  fire('pageshow', { persisted: true });
  await settle();
  network.latest.open();
  expect(network.sockets).toHaveLength(2);
  expect(network.latest.messages).toEqual([{ type: 'kept' }]);
});

test('leaves the socket to the browser when the page is left for good', async () => {
  using opened = await open();
  fire('pagehide', { persisted: false });
  fire('pageshow', { persisted: false });
  expect(opened.client.status.state).toBe('open');
});

test('listens to the page only while it is neither idle nor closed', async () => {
  const network = new FakeNetwork();
  const client = createClient({ url: '/ws', WebSocket: network.WebSocket, autoConnect: false });
  expect(page.listeners).toBe(0);
  client.connect();
  expect(page.listeners).toBe(5);
  await settle();
  network.latest.open();
  network.latest.end();
  expect(page.listeners).toBe(5);
  client.close();
  expect(page.listeners).toBe(0);
});
