import { setTimeout as delay } from 'node:timers/promises';
import { History } from '@wsbroker/testkit';
import { startBackend } from '../backend.ts';
import { startBroker } from '../broker.ts';
import { Crowd } from '../crowd.ts';
import { atMost, exactly, type Figure, info, timing } from '../figure.ts';
import { addRecord, attemptsIn } from '../record.ts';
import { scenario } from '../scenario.ts';
import { verdict } from '../verdict.ts';

interface Scale {
  readonly clients: number;
  readonly messagesEach: number;
  readonly downMs: number;
}

const slots = 32;

export const backendDown = scenario<Scale>({
  name: 'backend-down',
  title: 'the backend is down, and comes back to a long queue',
  full: { clients: 500, messagesEach: 100, downMs: 60_000 },
  short: { clients: 50, messagesEach: 40, downMs: 2_000 },
  async run({ clients, messagesEach, downMs }, progress): Promise<Figure[]> {
    // One that answers at once would never be seen with two requests in flight.
    await using backend = await startBackend(3);
    const options = { backend: { maxRequests: slots } };
    await using broker = await startBroker({ backendUrl: backend.url, options });
    const history = new History();
    await using crowd = new Crowd({ url: broker.url, history, count: clients });
    await crowd.join();
    const before = broker.residentBytes();
    await backend.kill();
    const downAtMs = performance.now();
    progress(`${clients * messagesEach} messages while the backend is down`);
    await crowd.talk(messagesEach / 2, 2_000, 'note');
    await delay(Math.max(0, downAtMs + downMs - performance.now()));
    const queued = crowd.unsettled;
    const acknowledged = history.acknowledged.length;
    const held = broker.residentBytes() - before;

    progress('the backend is back');
    await backend.start();
    const backAtMs = performance.now();
    const cpuMs = broker.cpuMs();
    const isDrained = await crowd.settled(240_000);
    const drainedMs = performance.now() - backAtMs;
    const cpuMsEach = (broker.cpuMs() - cpuMs) / queued;
    const { maxInFlight } = await backend.facts();
    const posts = backend.posts();
    addRecord(history, posts);
    const { events, attempts } = attemptsIn(posts);
    return [
      info('messages that waited', queued),
      info('acknowledged while it was down', acknowledged),
      info('memory held for them', `${(held / 2 ** 20).toFixed(0)} MiB`),
      exactly('sockets closed', crowd.counts.closed, 0),
      atMost('requests at once on return', maxInFlight, slots),
      exactly('not delivered at the end', isDrained ? 0 : crowd.unsettled, 0),
      timing(atMost('drained after', drainedMs / 1_000, 15, ' s')),
      info("the broker's processor time for each", `${cpuMsEach.toFixed(2)} ms`),
      info('POSTs for each event', (attempts / events).toFixed(3)),
      ...verdict(history, ['unpaired']),
    ];
  },
});
