import { setTimeout as delay } from 'node:timers/promises';
import { History } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import { Crowd } from '../crowd.ts';
import { atMost, exactly, type Figure, info, timing } from '../figure.ts';
import { addRecord } from '../record.ts';
import { scenario } from '../scenario.ts';
import { until } from '../until.ts';
import { verdict } from '../verdict.ts';

interface Scale {
  readonly clients: number;
  readonly perSecond: number;
  readonly drainMs: number;
}

export const brokerTerminated = scenario<Scale>({
  name: 'broker-terminated',
  title: 'the broker is told to end (SIGTERM) with many clients',
  full: { clients: 5_000, perSecond: 0.2, drainMs: 5_000 },
  short: { clients: 100, perSecond: 5, drainMs: 1_500 },
  async run({ clients, perSecond, drainMs }, progress): Promise<Figure[]> {
    await using backend = await startBackend();
    const options = { drainMs };
    await using broker = await startBroker({ backendUrl: backend.url, options });
    const history = new History();
    // They do not come back in this run: nobody is there.
    await using crowd = new Crowd({ url: broker.url, history, count: clients, backoffMaxMs: 10_000 });
    await crowd.join();
    progress('all are there, and talk');
    // Nothing is asked back: whoever is already gone could not hear it.
    const talking = crowd.talk(perSecond, 1_500, 'note');
    await delay(1_000);
    const atMs = performance.now();
    const exit = await broker.terminate();
    const tookMs = performance.now() - atMs;
    await talking;
    // This process may be behind with what it has received.
    await until(() => crowd.counts.closed >= clients, 10_000);
    const { byes, closedAtMs } = crowd.counts;
    const closedOverMs = Math.max(...closedAtMs) - Math.min(...closedAtMs);
    // What was acknowledged by then; what clients say to nobody afterwards is theirs to keep.
    addRecord(history, backend.posts());
    return [
      info('clients', clients),
      info('messages acknowledged', history.acknowledged.length),
      exactly('sockets that were told `bye`', byes, clients),
      exactly('sockets closed', crowd.counts.closed, clients),
      info('closed over', `${(closedOverMs / 1_000).toFixed(2)} s`),
      timing(atMost('of them in the busiest tenth of that time', busiestTenth(closedAtMs), 30, ' %')),
      exactly('exit code', exit.code ?? -1, 0),
      timing(atMost('exit after', tookMs / 1_000, drainMs / 1_000 + 1, ' s')),
      ...verdict(history),
    ];
  },
});

/** How many of a hundred closes fall into the fullest tenth of the time that they took. */
const busiestTenth = (atMs: readonly number[]): number => {
  const fromMs = Math.min(...atMs);
  const tenthMs = (Math.max(...atMs) - fromMs) / 10;
  const tenths = Array.from({ length: 11 }, () => 0);
  for (const closedMs of atMs) {
    const tenth = Math.floor((closedMs - fromMs) / tenthMs);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  return (Math.max(...tenths) / atMs.length) * 100;
};
