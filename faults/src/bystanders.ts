import { check, faultsIn, History } from '@wsbroker/testkit';
import type { Backend } from './backend.ts';
import { Crowd } from './crowd.ts';
import { exactly, type Figure, info } from './figure.ts';
import { percentile } from './percentile.ts';
import { addRecord } from './record.ts';
import { until } from './until.ts';

export interface BystandersOptions {
  readonly url: string;
  readonly backend: Backend;
  /** @default 50 */
  readonly count?: number;
  /** What each says in a second. @default 4 */
  readonly perSecond?: number;
}

const settleTimeoutMs = 60_000;

/**
 * Honest clients beside a load. They talk before it, and while it goes on; what they say goes to the backend and
 * comes back to them. Since both are measured in one run, whatever else the machine does slows both.
 */
export class Bystanders implements AsyncDisposable {
  readonly crowd: Crowd;
  readonly #history = new History();
  readonly #backend: Backend;
  readonly #perSecond: number;
  #before: readonly number[] = [];
  #during: readonly number[] = [];
  #unsettled = 0;

  constructor({ url, backend, count = 50, perSecond = 4 }: BystandersOptions) {
    this.#backend = backend;
    this.#perSecond = perSecond;
    this.crowd = new Crowd({ url, history: this.#history, count });
  }

  /** Without a load; a part of it comes first and is not counted, since it loads code and fills pools. */
  async talkBefore(durationMs: number): Promise<void> {
    await this.#talk(durationMs / 2);
    this.#before = await this.#talk(durationMs);
  }

  /** While the load goes on. */
  async talkDuring(durationMs: number): Promise<void> {
    this.#during = [...this.#during, ...(await this.#talk(durationMs))];
  }

  /** From saying something until it is known to be delivered, of a hundred the slowest. */
  get p99BeforeMs(): number {
    return percentile(this.#before, 99);
  }

  get p99DuringMs(): number {
    return percentile(this.#during, 99);
  }

  /** Ends them: what became of them and of what they said. */
  async figures(): Promise<Figure[]> {
    const { crowd } = this;
    const { closed } = crowd.counts;
    crowd.close();
    const isMine = ({ connection }: { connection: string }): boolean =>
      this.#history.ownerOf(connection) !== undefined;
    await until(() => leavesIn(this.#backend.posts().filter(isMine)) >= crowd.clients.length, 20_000);
    addRecord(this.#history, this.#backend.posts().filter(isMine));
    crowd.expectDown();
    return [
      info('p99 of the others before', `${this.p99BeforeMs.toFixed(1)} ms`),
      info('p99 of the others during', `${this.p99DuringMs.toFixed(1)} ms`),
      info('said by the others', this.#history.sent.length),
      exactly('sockets of the others closed', closed, 0),
      exactly('of the others not delivered', this.#unsettled, 0),
      faultsOf(this.#history),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crowd[Symbol.asyncDispose]();
  }

  async #talk(durationMs: number): Promise<number[]> {
    const { crowd } = this;
    await crowd.talk(this.#perSecond, durationMs);
    if (!(await crowd.settled(settleTimeoutMs))) this.#unsettled = crowd.unsettled;
    return crowd.clients.flatMap(({ latenciesMs }) => latenciesMs.splice(0));
  }
}

/** All kinds in one figure: beside a load, none is less of a fault than another. */
const faultsOf = (history: History): Figure => {
  const faults = faultsIn(check(history));
  return {
    ...exactly('lost, repeated, reordered, phantom, misdelivered or unpaired', faults.length, 0),
    ...(faults.length > 0 ? { value: `${faults.length} (${faults.slice(0, 3).join('; ')})` } : {}),
  };
};

const leavesIn = (posts: readonly { readonly type: string }[]): number =>
  posts.filter(({ type }) => type === 'session-disconnect').length;

/** They are all there when this resolves. */
export const joinBystanders = async (options: BystandersOptions): Promise<Bystanders> => {
  const bystanders = new Bystanders(options);
  await bystanders.crowd.join();
  return bystanders;
};
