import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Heartbeat, type PingedSocket } from './heartbeat.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const defaults = { pingIntervalMs: 25_000, pongTimeoutMs: 10_000 };

/** A client that answers after so long, until it is gone. */
class FakeClient implements PingedSocket {
  isAlive = true;
  isPaused = false;
  isGone = false;
  pings = 0;
  readonly closes: number[] = [];
  closedAtMs: number | undefined;
  readonly #sockets: Set<PingedSocket>;
  readonly #answerMs: number;

  constructor(sockets: Set<PingedSocket>, answerMs: number) {
    this.#sockets = sockets;
    this.#answerMs = answerMs;
    sockets.add(this);
  }

  ping(): void {
    this.pings += 1;
    if (this.isPaused) return;
    this.isAlive = false;
    if (!this.isGone) setTimeout(() => (this.isAlive = true), this.#answerMs);
  }

  close(code: number): void {
    this.closes.push(code);
  }

  terminate(): void {
    this.closedAtMs = performance.now();
    this.#sockets.delete(this);
  }
}

const connect = (count: number, answerMs = 50) => {
  const sockets = new Set<PingedSocket>();
  const clients = Array.from({ length: count }, () => new FakeClient(sockets, answerMs));
  return { sockets, clients };
};

test.each([1, 10_000, 30_000])(
  'P134, half-open TCP: of %i clients that stop at the worst moment each is found within 36 s, once',
  async (count) => {
    const { sockets, clients } = connect(count);
    const heartbeat = new Heartbeat(sockets, defaults);
    await vi.advanceTimersByTimeAsync(defaults.pingIntervalMs);
    // All have answered one ping, and then they are gone.
    await vi.advanceTimersByTimeAsync(600);
    for (const client of clients) client.isGone = true;
    const stoppedAtMs = performance.now();
    await vi.advanceTimersByTimeAsync(36_000);
    expect(sockets.size).toBe(0);
    for (const { closes, closedAtMs } of clients) {
      expect(closes).toEqual([4000]);
      expect(closedAtMs! - stoppedAtMs).toBeLessThanOrEqual(36_000);
    }
    heartbeat.stop();
    expect(vi.getTimerCount()).toBe(0);
  },
);

test('P134: clients that answer in time stay, and so do those that are not read', async () => {
  const { sockets, clients } = connect(1_000, 9_900);
  const paused = clients.slice(0, 100);
  for (const client of paused) {
    client.isPaused = true;
    client.isGone = true;
  }
  const heartbeat = new Heartbeat(sockets, defaults);
  await vi.advanceTimersByTimeAsync(10 * defaults.pingIntervalMs);
  expect(sockets.size).toBe(1_000);
  expect(clients.every(({ pings }) => pings >= 9)).toBe(true);
  heartbeat.stop();
});

test('no turn pings more than a few of many clients, and all have their ping within half a second', async () => {
  const { sockets, clients } = connect(10_000);
  const heartbeat = new Heartbeat(sockets, defaults);
  const pinged = (): number => clients.filter(({ pings }) => pings > 0).length;
  await vi.advanceTimersByTimeAsync(defaults.pingIntervalMs);
  let last = pinged();
  expect(last).toBeLessThanOrEqual(250);
  for (let turn = 0; turn < 50; turn += 1) {
    await vi.advanceTimersByTimeAsync(10);
    expect(pinged() - last).toBeLessThanOrEqual(250);
    last = pinged();
  }
  expect(last).toBe(10_000);
  expect(clients.every(({ pings }) => pings === 1)).toBe(true);
  heartbeat.stop();
});

test('a round that still waits for answers is not begun again', async () => {
  const { sockets, clients } = connect(1);
  const heartbeat = new Heartbeat(sockets, { pingIntervalMs: 100, pongTimeoutMs: 1_000 });
  await vi.advanceTimersByTimeAsync(1_050);
  expect(clients[0]!.pings).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(clients[0]!.pings).toBe(2);
  heartbeat.stop();
});
