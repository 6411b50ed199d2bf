import { setTimeout as delay } from 'node:timers/promises';
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
  readonly durationMs: number;
}

export const requestsHang = scenario<Scale>({
  name: 'requests-hang',
  title: 'the requests of some connections hang',
  full: { clients: 1_000, hanging: 10, perSecond: 0.5, durationMs: 30_000 },
  short: { clients: 60, hanging: 10, perSecond: 5, durationMs: 3_000 },
  async run({ clients, hanging, perSecond, durationMs }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    // Side by side, so that whatever else the machine does slows both.
    await using broker = await startBroker({ backendUrl: backend.url });
    await using healthyBroker = await startBroker({ backendUrl: backend.url });
    const count = clients - hanging;
    await using others = new Crowd({ url: broker.url, history: new History(), count });
    await using healthy = new Crowd({ url: healthyBroker.url, history: new History(), count });
    await using stuck = new Crowd({ url: broker.url, history: new History(), count: hanging });
    for (const crowd of [others, healthy, stuck]) await crowd.join();

    const talk = async (forMs: number): Promise<void> => {
      await Promise.all([others.talk(perSecond, forMs), healthy.talk(perSecond, forMs)]);
      await Promise.all([others.settled(30_000), healthy.settled(30_000)]);
    };
    progress('warming up');
    await talk(durationMs / 5);
    for (const { latenciesMs } of [...others.clients, ...healthy.clients]) latenciesMs.length = 0;
    for (const client of stuck.clients) for (let n = 0; n < 3; n += 1) client.say('hang');
    progress(`${hanging} hang`);
    const talking = talk(durationMs);
    await delay(durationMs / 2);
    const { inFlight } = await backend.facts();
    await talking;
    const [p99, healthyP99] = [p99Of(others), p99Of(healthy)];
    return [
      info('requests in flight while some hang', inFlight),
      info('p99 where none hangs', `${healthyP99.toFixed(1)} ms`),
      info('p99 of the others where some hang', `${p99.toFixed(1)} ms`),
      exactly('of the others not delivered', others.unsettled, 0),
      timing(atMost('the one, times the other', p99 / healthyP99, 2)),
    ];
  },
});

const p99Of = (crowd: Crowd): number =>
  percentile(
    crowd.clients.flatMap(({ latenciesMs }) => latenciesMs),
    99,
  );
