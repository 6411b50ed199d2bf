import type { Answers } from '../harness/answer-asks.ts';

/** In milliseconds, of this thread alone: what the collector does beside it, and other processes, hold nobody up. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1_000;
};

/**
 * Answers of a server whose turns of the event loop are watched: `watchTurns`, and later `longestTurnMs`.
 *
 * In between the loop never waits. It makes a turn for every little that comes, as on a busy server; one that is long
 * is long all the same.
 */
export const turnAnswers = (): Answers => {
  let isWatching = false;
  let longestMs = 0;
  let beganMs = 0;
  const turn = (): void => {
    const nowMs = cpuMs();
    longestMs = Math.max(longestMs, nowMs - beganMs);
    beganMs = nowMs;
    if (isWatching) setImmediate(turn);
  };
  return {
    watchTurns: () =>
      new Promise<void>((resolve) => {
        isWatching = true;
        setImmediate(() => {
          longestMs = 0;
          beganMs = cpuMs();
          setImmediate(turn);
          resolve();
        });
      }),
    longestTurnMs() {
      isWatching = false;
      return longestMs;
    },
  };
};
