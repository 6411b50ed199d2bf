import { History } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { badAnswers, type Expected } from '../bad-answers.ts';
import { reportsMemory, startBroker } from '../broker.ts';
import { Crowd } from '../crowd.ts';
import { atMost, exactly, type Figure, info } from '../figure.ts';
import { scenario } from '../scenario.ts';

interface Scale {
  readonly rounds: number;
}

const mebi = 2 ** 20;
const toMiB = (bytes: number): string => (bytes / mebi).toFixed(0);

export const backendAnswersBadly = scenario<Scale>({
  name: 'bad-answers',
  title: 'the backend answers badly, in every way that we know',
  full: { rounds: 10 },
  short: { rounds: 2 },
  async run({ rounds }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    const options = { backend: { timeoutMs: 2_000 }, retryMaxMs: 1_000 };
    await using broker = await startBroker({ backendUrl: backend.url, options, nodeOptions: reportsMemory });
    const history = new History();
    // One connection for each bad answer, so that none waits for another one's retries.
    await using crowd = new Crowd({ url: broker.url, history, count: badAnswers.length });
    await crowd.join();
    await using neighbours = new Crowd({ url: broker.url, history: new History(), count: 10 });
    await neighbours.join();
    await neighbours.talk(20, 2_000);
    await neighbours.settled(10_000);
    const firstPid = broker.pid;

    const good = crowd.clients.map(() => 0);
    crowd.clients.forEach(({ client }, index) => {
      client.on('good', () => {
        good[index] = (good[index] ?? 0) + 1;
      });
    });
    const outcomes: string[][] = crowd.clients.map(() => []);
    const round = async (): Promise<void> => {
      crowd.clients.forEach((client, index) => {
        const { settled } = client.say('bad', { case: index });
        void settled.then(({ outcome }) => outcomes[index]?.push(outcome));
      });
      await crowd.settled(120_000);
    };
    // The first round loads code and fills pools; what comes on top of it is what would go on growing.
    progress('round 1');
    await round();
    const before = await broker.heldBytes();
    let most = broker.residentBytes();
    for (let n = 2; n <= rounds; n += 1) {
      progress(`round ${n}, ${toMiB(broker.residentBytes())} MiB`);
      await round();
      most = Math.max(most, broker.residentBytes());
    }
    const after = await broker.heldBytes();
    await neighbours.talk(20, 500);
    const wrong = badAnswers.flatMap(({ name, expected }, index) => {
      const problem = problemOf(expected, {
        outcomes: outcomes[index] ?? [],
        good: good[index] ?? 0,
        rounds,
      });
      return problem === undefined ? [] : [`${name}: ${problem}`];
    });
    return [
      info('ways to answer badly', badAnswers.length),
      {
        ...exactly('handled wrongly', wrong.length, 0),
        ...(wrong.length > 0 ? { value: wrong.join('; ') } : {}),
      },
      exactly('crashes', broker.isRunning && broker.pid === firstPid ? 0 : 1, 0),
      exactly('sockets closed', crowd.counts.closed, 0),
      exactly(
        'of the neighbours not delivered',
        (await neighbours.settled(10_000)) ? 0 : neighbours.unsettled,
        0,
      ),
      atMost('memory held after all rounds, less that after the first', (after - before) / mebi, 20, ' MiB'),
      info('memory, the most at any time', `${toMiB(most)} MiB`),
    ];
  },
});

interface Observed {
  readonly outcomes: readonly string[];
  readonly good: number;
  readonly rounds: number;
}

const problemOf = (expected: Expected, { outcomes, good, rounds }: Observed): string | undefined => {
  const outcome = expected === 'refused' ? 'failed' : 'delivered';
  const asExpected = outcomes.filter((other) => other === outcome).length;
  if (asExpected !== rounds) return `${asExpected} of ${rounds} ${outcome} (${outcomes.join(', ')})`;
  const goodExpected = expected === 'runs' || expected === 'retried' ? rounds : 0;
  return good === goodExpected ? undefined : `the good command ran ${good} times, and not ${goodExpected}`;
};
