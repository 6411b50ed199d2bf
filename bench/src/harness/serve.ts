import { answerAsks, type Answers } from './answer-asks.ts';

/** What one finds can be let go by the next. */
const collections = 3;

/**
 * The side of a server of `servers/`: listens when it is told to, and says what it costs.
 *
 * With `--expose-gc` it can be asked what memory it holds: `heldBytes` in its heap, and `residentBytes` of the system,
 * when nothing is left that V8 can give back: it keeps room for more otherwise, and more of it after a busy time.
 *
 * @param listen Gives its port. Its options are JSON: they come from another process.
 * @param answers What else it can be asked.
 */
export const serve = (listen: (options: never) => Promise<number>, answers: Answers = {}): void =>
  answerAsks({
    listen,
    cpu() {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    heldBytes() {
      globalThis.gc?.();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    },
    residentBytes() {
      for (let times = 0; times < collections; times += 1) {
        globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
      }
      return process.memoryUsage.rss();
    },
    ...answers,
  });
