import { setTimeout as delay } from 'node:timers/promises';
import { postCommands } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { type BrokerProcess, reportsTurns, startBroker } from '../broker.ts';
import { joinBystanders } from '../bystanders.ts';
import { atLeast, atMost, exactly, type Figure, info, timing } from '../figure.ts';
import { type Listed, problemsOf } from '../listed.ts';
import { type Load, startLoad } from '../load.ts';
import { scenario } from '../scenario.ts';
import { until } from '../until.ts';

interface Scale {
  readonly clients: number;
  readonly rounds: number;
  /** All of them are asked for a sign of life so often. */
  readonly pingIntervalMs: number;
}

interface Page {
  readonly connections: readonly Listed[];
  readonly cursor?: string;
}

const mostTurnMs = 50;
const pageLimit = 1_000;
const processes = 2;
/** A sample that is late is printed a moment later. */
const reportMs = 100;

export const hugeLists = scenario<Scale>({
  name: 'huge-lists',
  title: 'lists of all clients, while others come and go',
  full: { clients: 10_000, rounds: 10, pingIntervalMs: 10_000 },
  short: { clients: 400, rounds: 2, pingIntervalMs: 1_000 },
  async run({ clients, rounds, pingIntervalMs }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    await using broker = await startBroker({
      backendUrl: backend.url,
      options: { pingIntervalMs, pongTimeoutMs: pingIntervalMs - 500 },
      nodeOptions: reportsTurns,
    });
    await using others = await joinBystanders({ url: broker.url, backend, count: 20 });
    const names = Array.from({ length: clients }, (_, n) => `s${n}`);
    const loads = await Promise.all(
      Array.from({ length: processes }, (_, at) =>
        startLoad('stay', {
          port: broker.port,
          clients: names.filter((_name, n) => n % processes === at),
          isPersistent: true,
        }),
      ),
    );
    await using staying = new Together(loads);
    await staying.until('open', clients, 120_000);
    progress('all are there');
    // Until the backend has named them all.
    await until(async () => (await facts(backend)) >= 2 * clients, 120_000, 200);
    await others.talkBefore(1_000);
    await using churn = await startLoad('comeAndGo', { port: broker.port, perSecond: 50 });
    await churn.until((count) => count('came') > 20, 20_000);
    const talking = others.talkDuring(rounds * 1_000);

    const everybody = new Set(names);
    const wrong: string[] = [];
    let pages = 0;
    const turns = new Map<string, number>();
    const measured = async (name: string, act: () => Promise<unknown>): Promise<void> => {
      await delay(reportMs);
      const mark = broker.output.length;
      await act();
      await delay(reportMs);
      turns.set(name, Math.max(turns.get(name) ?? 0, broker.longestTurnMs(mark)));
    };
    await measured('pings', () => delay(1.2 * pingIntervalMs));
    for (let round = 0; round < rounds; round += 1) {
      progress(`round ${round + 1} of ${rounds}`);
      await measured(`pages of ${pageLimit}`, async () => {
        const listed: Listed[] = [];
        for (
          let cursor: string | undefined, isFirst = true;
          isFirst || cursor !== undefined;
          isFirst = false
        ) {
          const page = (await command(broker, { type: 'list', limit: pageLimit, cursor })) as Page;
          listed.push(...page.connections);
          cursor = page.cursor;
          pages += 1;
        }
        wrong.push(...problemsOf(listed, everybody));
      });
      await measured('one list of all', async () => {
        wrong.push(...problemsOf((await command(broker, { type: 'list' })) as Listed[], everybody));
      });
      await measured('a list of two fields', () =>
        command(broker, { type: 'list', fields: ['wskey', 'client'] }),
      );
      await measured('a count', () => command(broker, { type: 'list', count: true }));
      await measured('a message to all', () =>
        command(broker, { type: 'send', match: {}, message: { type: 'hi' } }),
      );
    }
    await talking;
    return [
      atLeast('clients', staying.count('open'), clients),
      info('others that came and went meanwhile', churn.count('came')),
      info('pages', pages),
      {
        ...exactly('clients that were missing, or there twice', wrong.length, 0),
        ...(wrong.length > 0 ? { value: `${wrong.length} (${wrong.slice(0, 3).join('; ')})` } : {}),
      },
      ...[...turns].map(([name, ms]) =>
        name === 'a message to all'
          ? info(`longest turn of the event loop, ${name}`, `${ms.toFixed(1)} ms`)
          : timing(atMost(`longest turn of the event loop, ${name}`, ms, mostTurnMs, ' ms')),
      ),
      exactly('crashes', broker.crashes, 0),
      ...(await others.figures()),
    ];
  },
});

const facts = async (backend: { facts(): Promise<{ posts: number }> }): Promise<number> =>
  (await backend.facts()).posts;

const command = async ({ httpUrl }: BrokerProcess, one: object): Promise<unknown> => {
  const { body } = await postCommands(httpUrl, [one], { encoding: 'json' });
  return (body as readonly unknown[])[0];
};

/** Loads of one kind in several processes: none has to hold all the sockets. */
class Together implements AsyncDisposable {
  readonly #loads: readonly Load[];

  constructor(loads: readonly Load[]) {
    this.#loads = loads;
  }

  count(name: string): number {
    return this.#loads.reduce((sum, load) => sum + load.count(name), 0);
  }

  async until(name: string, count: number, timeoutMs: number): Promise<boolean> {
    return until(() => this.count(name) >= count, timeoutMs, 100);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#loads.map((load) => load.stop()));
  }
}
