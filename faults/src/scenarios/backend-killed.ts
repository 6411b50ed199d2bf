import { setTimeout as delay } from 'node:timers/promises';
import { History } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import { Crowd } from '../crowd.ts';
import { atMost, exactly, type Figure, info, timing } from '../figure.ts';
import { percentile } from '../percentile.ts';
import { addRecord, attemptsIn, openIn } from '../record.ts';
import { scenario } from '../scenario.ts';
import { until } from '../until.ts';
import { verdict } from '../verdict.ts';

interface Scale {
  readonly clients: number;
  readonly perSecond: number;
  readonly durationMs: number;
  readonly killEveryMs: number;
}

export const backendKilled = scenario<Scale>({
  name: 'backend-killed',
  title: 'the backend is killed with SIGKILL again and again, under load',
  full: { clients: 1_000, perSecond: 2, durationMs: 60_000, killEveryMs: 500 },
  short: { clients: 50, perSecond: 4, durationMs: 3_000, killEveryMs: 500 },
  async run({ clients, perSecond, durationMs, killEveryMs }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    await using broker = await startBroker({ backendUrl: backend.url });
    const history = new History();
    await using crowd = new Crowd({ url: broker.url, history, count: clients, roomSize: 2 });
    await crowd.join();

    let isOver = false;
    let kills = 0;
    const killing = (async () => {
      for (; ; kills += 1) {
        await delay(killEveryMs);
        if (isOver) return;
        await backend.kill();
        backend.startAtOnce();
        progress(`${kills + 1} kills, ${crowd.unsettled} not delivered yet`);
      }
    })();
    await crowd.talk(perSecond, durationMs);
    const delivered = history.sent.length - crowd.unsettled;
    isOver = true;
    await killing;
    progress('the backend stays, the rest is delivered');
    const isSettled = await crowd.settled(240_000);
    const { closed } = crowd.counts;
    const unsettled = isSettled ? 0 : crowd.unsettled;
    crowd.close();
    await until(() => openIn(backend.posts()) === 0, 20_000);

    const posts = backend.posts();
    addRecord(history, posts);
    crowd.expectDown();
    const { events, attempts } = attemptsIn(posts);
    const latencies = crowd.clients.flatMap(({ latenciesMs }) => latenciesMs);
    return [
      info('backend kills', kills),
      info('events', events),
      info(
        'of the messages, delivered while it went on',
        `${((delivered / history.sent.length) * 100).toFixed(0)} %`,
      ),
      exactly('sockets closed', closed, 0),
      ...verdict(history),
      exactly('not delivered at the end', unsettled, 0),
      timing(atMost('POSTs for each event', attempts / events, 1.1)),
      info('delivered after, p50', `${percentile(latencies, 50).toFixed(0)} ms`),
      info('delivered after, p99', `${percentile(latencies, 99).toFixed(0)} ms`),
    ];
  },
});
