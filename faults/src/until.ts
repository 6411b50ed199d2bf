import { setTimeout as delay } from 'node:timers/promises';

/** Waits until something is so, in a process that tells it only when asked; false when that takes too long. */
export const until = async (
  isSo: () => boolean | Promise<boolean>,
  timeoutMs: number,
  pollIntervalMs = 20,
): Promise<boolean> => {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) return false;
    await delay(pollIntervalMs);
  }
  return true;
};
