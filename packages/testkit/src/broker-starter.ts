import { watchForLeaks } from './leak-check.ts';
import { MemoryLogger } from './memory-logger.ts';

/** What the testkit asks of a broker. Not the broker's own type: this package must not depend on it. */
export interface StartableBroker {
  readonly ready: Promise<unknown>;
  readonly port: number;
  close(): Promise<unknown>;
}

export interface StartedBrokerFields extends AsyncDisposable {
  /** `ws://127.0.0.1:<port>/` */
  readonly url: string;
  /** `http://127.0.0.1:<port>/`, where commands are POSTed. */
  readonly httpUrl: string;
  /** What the broker logged; empty when the test gave a `log` of its own. */
  readonly logs: MemoryLogger;
}

export type StartedBroker<B> = B & StartedBrokerFields;

/**
 * Makes `startBroker` for a test file: a broker on a free port of 127.0.0.1, ready, its log in memory.
 * Disposing it closes it, and then fails when a socket, server or timer is left.
 *
 * Whatever the test opens after the broker must be disposed before it: `await using` does that.
 *
 * @example
 * const startBroker = brokerStarter(Broker);
 * test('…', async () => {
 *   await using broker = await startBroker({ onClientMessage() {} });
 *   await using client = await connectRaw(broker.url);
 * });
 */
export const brokerStarter =
  <O extends object, B extends StartableBroker>(create: (options: O) => B) =>
  async (options: Partial<NoInfer<O>> = {}): Promise<StartedBroker<B>> => {
    const leaks = watchForLeaks();
    const logs = new MemoryLogger();
    const broker = create({ port: 0, host: '127.0.0.1', log: logs, ...options } as unknown as O);
    await broker.ready;
    const fields: StartedBrokerFields = {
      url: `ws://127.0.0.1:${broker.port}/`,
      httpUrl: `http://127.0.0.1:${broker.port}/`,
      logs,
      async [Symbol.asyncDispose]() {
        await broker.close();
        await leaks.assertNone();
      },
    };
    // Defined on the broker itself, since a wrapper could not reach its #private fields.
    return Object.defineProperties(broker, Object.getOwnPropertyDescriptors(fields)) as StartedBroker<B>;
  };
