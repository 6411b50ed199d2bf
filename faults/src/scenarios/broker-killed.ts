import { setTimeout as delay } from 'node:timers/promises';
import { History } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import { Crowd } from '../crowd.ts';
import { exactly, type Figure, info } from '../figure.ts';
import { addRecord, openIn } from '../record.ts';
import { scenario } from '../scenario.ts';
import { until } from '../until.ts';
import { verdict } from '../verdict.ts';

interface Scale {
  readonly clients: number;
  readonly perSecond: number;
  readonly kills: number;
  readonly killEveryMs: number;
}

export const brokerKilled = scenario<Scale>({
  name: 'broker-killed',
  title: 'the broker, with a journal, is killed with SIGKILL under load',
  full: { clients: 500, perSecond: 2, kills: 20, killEveryMs: 3_000 },
  short: { clients: 30, perSecond: 10, kills: 2, killEveryMs: 1_000 },
  async run({ clients, perSecond, kills, killEveryMs }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    await using broker = await startBroker({ backendUrl: backend.url, hasJournal: true });
    const history = new History();
    await using crowd = new Crowd({ url: broker.url, history, count: clients, roomSize: 2 });
    await crowd.join();

    const killing = (async () => {
      for (let killed = 1; killed <= kills; killed += 1) {
        await delay(killEveryMs);
        await broker.kill();
        await broker.start();
        progress(`${killed} kills, ${crowd.unsettled} not delivered yet`);
      }
    })();
    await crowd.talk(perSecond, (kills + 1) * killEveryMs);
    await killing;
    progress('the broker stays, the rest is delivered');
    const isSettled = await crowd.settled(240_000);
    const unsettled = isSettled ? 0 : crowd.unsettled;
    const areBack = await until(
      () => crowd.clients.every(({ client }) => client.status.state === 'open'),
      30_000,
    );
    const away = areBack ? 0 : crowd.clients.filter(({ client }) => client.status.state !== 'open').length;
    crowd.close();
    await until(() => openIn(backend.posts()) === 0, 45_000);

    const posts = backend.posts();
    addRecord(history, posts);
    crowd.expectDown();
    return [
      info('broker kills', kills),
      info('messages', history.sent.length),
      info('acknowledged', history.acknowledged.length),
      ...verdict(history),
      exactly('told that they failed', history.failed.length, 0),
      exactly('not delivered at the end', unsettled, 0),
      exactly('clients that are not back', away, 0),
      info('connections', new Set(posts.map(({ connection }) => connection)).size),
      info('told to fetch their state anew', crowd.gaps),
    ];
  },
});
