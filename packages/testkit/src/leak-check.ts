import { Server, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { followTimers } from './pending-timers.ts';

/** Undocumented, but Node's documented list gives names only, and two sockets must be told apart. */
const getActiveHandles = Reflect.get(process, '_getActiveHandles') as () => object[];
const activeHandles = (): object[] => Reflect.apply(getActiveHandles, process, []);

const pollIntervalMs = 20;

/** Servers of the testkit: a fake backend that a test restarts is the test's, and no leak of what is tested. */
export const testServers = new WeakSet<object>();

export interface LeakCheck {
  /**
   * Waits until everything that was opened meanwhile is closed.
   * @param graceMs How long that may take. @default 5000
   * @throws Error naming each socket, server, process and timer that is left.
   */
  assertNone(graceMs?: number): Promise<void>;
}

/**
 * Remembers what is open now, to find later what was left: sockets, servers, child processes,
 * workers, and timers, each by itself.
 *
 * Tests of one file that overlap (`test.concurrent`) would see each other's.
 */
export const watchForLeaks = (): LeakCheck => {
  const before = new Set(activeHandles());
  const timers = followTimers();
  const leaks = (): string[] => [
    ...activeHandles()
      .filter((handle) => !before.has(handle) && !testServers.has(handle))
      .map(described),
    ...timers.pending().map((maker) => `timer made ${maker}`),
  ];
  return {
    async assertNone(graceMs = 5_000) {
      const deadline = performance.now() + graceMs;
      let found = leaks();
      while (found.length > 0 && performance.now() < deadline) {
        await delay(pollIntervalMs);
        found = leaks();
      }
      timers.stop();
      if (found.length > 0) throw new Error(`Left open:\n  ${found.join('\n  ')}`);
    },
  };
};

const described = (handle: object): string => {
  if (handle instanceof Server) return `server on ${JSON.stringify(handle.address())}`;
  if (handle instanceof Socket) {
    const { localAddress, localPort, remoteAddress, remotePort } = handle;
    return `socket ${localAddress ?? '?'}:${localPort ?? '?'} to ${remoteAddress ?? '?'}:${remotePort ?? '?'}`;
  }
  return handle.constructor.name;
};
