import { answerAsks, type Answers } from './answer-asks.ts';

/**
 * The side of a server of `servers/`: listens when it is told to, and says what it costs.
 *
 * With `--expose-gc` it can be asked what memory it holds: `heldBytes`.
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
    ...answers,
  });
