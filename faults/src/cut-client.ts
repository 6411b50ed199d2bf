import { setTimeout as delay } from 'node:timers/promises';
import { History } from '@wsbroker/testkit';
import { ChatClient } from './chat-client.ts';
import { countedSocket, socketCounts } from './counted-socket.ts';
import { type Cut, CuttingProxy } from './cutting-proxy.ts';

export interface CutRun {
  /** Of its client. */
  readonly name: string;
  readonly cuts: readonly Cut[];
  /** What the client does; resolves when it is through. */
  readonly work: (client: ChatClient) => Promise<void>;
}

const runTimeoutMs = 60_000;

/** Clients whose TCP connections are cut, each behind a proxy of its own, and what became of them together. */
export class CutClients {
  readonly history = new History();
  runs = 0;
  cutRuns = 0;
  cuts = 0;
  /** Runs that did not come to their end in time. */
  stuck = 0;
  /** Clients that were told to fetch their state anew. */
  told = 0;
  readonly #brokerPort: number;
  readonly #socketClass = countedSocket(socketCounts());

  constructor(brokerUrl: string) {
    this.#brokerPort = Number(new URL(brokerUrl).port);
  }

  /** Gives the bytes that came each way over its first connection. */
  async perform({ name, cuts, work }: CutRun): Promise<CuttingProxy['passed']> {
    await using proxy = new CuttingProxy(this.#brokerPort, cuts);
    const url = await proxy.listen();
    const { history } = this;
    const client = new ChatClient({ name, url, history, socketClass: this.#socketClass, backoffMaxMs: 1 });
    const late = new AbortController();
    const isFine = await Promise.race([
      work(client).then(() => true),
      delay(runTimeoutMs, false, { signal: late.signal }).catch(() => false),
    ]);
    late.abort();
    this.runs += 1;
    this.cuts += proxy.cuts;
    if (proxy.cuts > 0) this.cutRuns += 1;
    if (!isFine) this.stuck += 1;
    if (client.gaps > 0) this.told += 1;
    client.close();
    return proxy.passed;
  }

  /** All of them, so many at once. */
  async performAll(runs: readonly CutRun[], atOnce: number): Promise<void> {
    const left = runs.toReversed();
    const work = async (): Promise<void> => {
      for (let run = left.pop(); run; run = left.pop()) await this.perform(run);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }
}

/** Resolves once the last of so many messages has come down. */
export const received = (client: ChatClient, count: number): Promise<void> =>
  new Promise((resolve) => {
    client.client.on('said', ({ n }) => {
      if (n === count) resolve();
    });
  });
