import { Server, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Node's own list of what is open. Undocumented, but alone in giving the handles themselves. */
const activeHandles = (): object[] =>
  (process as unknown as { _getActiveHandles(): object[] })._getActiveHandles();

const timerCount = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

const pollIntervalMs = 20;

/**
 * Looks at what is open now; `assertNone` fails when there is more later.
 *
 * Sees sockets, servers, child processes and workers one by one, and counts timers that keep the
 * process alive. What closes a moment later is given `graceMs`. Tests of one file that overlap
 * (`test.concurrent`) would see each other's sockets.
 */
export const watchForLeaks = (): { assertNone(graceMs?: number): Promise<void> } => {
  const before = new Set(activeHandles());
  const timersBefore = timerCount();
  const leaks = (): string[] => {
    const found = activeHandles()
      .filter((handle) => !before.has(handle))
      .map(described);
    const timers = timerCount() - timersBefore;
    if (timers > 0) found.push(`${timers} timer(s)`);
    return found;
  };
  return {
    async assertNone(graceMs = 3_000) {
      const deadline = performance.now() + graceMs;
      let found = leaks();
      while (found.length > 0 && performance.now() < deadline) {
        await delay(pollIntervalMs);
        found = leaks();
      }
      if (found.length > 0) throw new Error(`Left open: ${found.join(', ')}`);
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
