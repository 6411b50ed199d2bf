import { History } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import { Crowd } from '../crowd.ts';
import { atMost, exactly, type Figure, info, timing } from '../figure.ts';
import { percentile } from '../percentile.ts';
import { scenario } from '../scenario.ts';

interface Scale {
  readonly clients: number;
  readonly hanging: number;
  readonly perSecond: number;
  readonly phaseMs: number;
}

export const requestsHang = scenario<Scale>({
  name: 'requests-hang',
  title: 'the requests of some connections hang',
  full: { clients: 1_000, hanging: 10, perSecond: 1, phaseMs: 15_000 },
  short: { clients: 60, hanging: 40, perSecond: 5, phaseMs: 2_000 },
  async run({ clients, hanging, perSecond, phaseMs }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    await using broker = await startBroker({ backendUrl: backend.url });
    const history = new History();
    await using crowd = new Crowd({ url: broker.url, history, count: clients - hanging });
    await using stuck = new Crowd({ url: broker.url, history: new History(), count: hanging });
    await crowd.join();
    await stuck.join();

    const phase = async (what: string): Promise<number> => {
      progress(what);
      for (const { latenciesMs } of crowd.clients) latenciesMs.length = 0;
      await crowd.talk(perSecond, phaseMs);
      await crowd.settled(30_000);
      return percentile(
        crowd.clients.flatMap(({ latenciesMs }) => latenciesMs),
        99,
      );
    };
    await phase('warming up');
    const before = await phase('none hangs');
    for (const client of stuck.clients) for (let n = 0; n < 3; n += 1) client.say('hang');
    const during = await phase(`${hanging} hang`);
    const { inFlight } = await backend.facts();
    return [
      info('requests that hang', inFlight),
      info('p99 of the others, none hangs', `${before.toFixed(1)} ms`),
      info('p99 of the others, some hang', `${during.toFixed(1)} ms`),
      exactly('of the others not delivered', crowd.unsettled, 0),
      timing(atMost('p99, times the one before', during / before, 2)),
    ];
  },
});
