import { fileURLToPath } from 'node:url';
import { History } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import { Crowd } from '../crowd.ts';
import { atLeast, exactly, type Figure, info } from '../figure.ts';
import { addRecord, openIn } from '../record.ts';
import { scenario } from '../scenario.ts';
import { until } from '../until.ts';
import { verdict } from '../verdict.ts';

interface Scale {
  readonly clients: number;
  readonly rounds: number;
}

const ways = ['throw', 'reject', 'text'];

export const handlersThrow = scenario<Scale>({
  name: 'handlers-throw',
  title: "the application's handlers throw and reject",
  full: { clients: 100, rounds: 50 },
  short: { clients: 10, rounds: 5 },
  async run({ clients, rounds }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    const program = fileURLToPath(new URL('../throwing-broker.ts', import.meta.url));
    await using broker = await startBroker({ backendUrl: backend.url, options: { log: 'json' }, program });
    const history = new History();
    await using crowd = new Crowd({ url: broker.url, history, count: clients });
    await crowd.join();
    const failing = clients * rounds;
    const codes = new Map<string, number>();
    for (let round = 0; round < rounds; round += 1) {
      progress(`round ${round + 1} of ${rounds}`);
      for (const client of crowd.clients) {
        const { settled } = client.say('note', { how: ways[round % ways.length] });
        void settled.then((end) => {
          const code = end.outcome === 'failed' ? end.code : end.outcome;
          codes.set(code, (codes.get(code) ?? 0) + 1);
        });
        client.say('note');
        client.say('custom');
      }
      await crowd.settled(30_000);
    }
    const pid = broker.pid;
    crowd.close();
    await until(() => openIn(backend.posts()) === 0, 20_000);
    addRecord(history, backend.posts());
    return [
      info('handlers that failed', failing),
      exactly('told `handler-failed`', codes.get('handler-failed') ?? 0, failing),
      exactly(
        'at the backend',
        new Set(
          backend
            .posts()
            .filter(isSaid)
            .map(({ id }) => id),
        ).size,
        2 * failing,
      ),
      atLeast('lines in the log', broker.output.split('on purpose').length - 1, failing),
      exactly('crashes', broker.isRunning && broker.pid === pid ? 0 : 1, 0),
      ...verdict(history),
    ];
  },
});

const isSaid = ({ type }: { type: string }): boolean => type === 'client-note' || type === 'client-custom';
