import type { Goal } from '../goal.ts';
import { eventPeers, type EventTimes, measureEvents } from '../peers/event-peers.ts';
import type { Scale, Scenario } from '../scenario.ts';

/** A server that has just started compiles for long: its first 10,000 events cost twice what later ones do. */
const scales: Readonly<Record<Scale, EventTimes>> = {
  full: { clients: 200, warmUpMs: 2_500, windowMs: 2_000 },
  quick: { clients: 200, warmUpMs: 500, windowMs: 300 },
  smoke: { clients: 20, warmUpMs: 50, windowMs: 100 },
};

const cpuGoal = (of: string, over: string, atMost: number): Goal => ({
  of: { contender: of },
  over: { contender: over },
  figure: 'cpuUs',
  atMost,
});

export const events: Scenario = {
  name: 'events',
  title:
    'A message of a client is POSTed to a backend, whose answer sends one to the client: 200 clients, one message outstanding each',
  unit: 'event',
  contenders: eventPeers.map((peer) => ({
    ...peer,
    async measure(scale) {
      return [{ variant: '', figures: await measureEvents(peer, scales[scale]) }];
    },
  })),
  shows: ['cpuUs', 'ratePerSecond', 'p50Ms', 'p99Ms', 'serverBusy', 'loadBusy', 'lost'],
  fullRounds: 3,
  notes: [
    'wsbroker runs with its default options: events in order, at most 32 requests at once, each tried again until it is taken. But a client may send more than 200 messages a second, or that would be what is measured where a core is fast. The peers with undici do none of that: what fails is lost.',
    'The backend looks at nothing and answers at once; it shares the core of the load. What it costs is not counted.',
    '`wsbroker, batches` has a backend that answers with the header `wsbroker-batch: 100`.',
  ],
  goals: [
    cpuGoal('wsbroker', 'plain ws + undici', 1.2),
    cpuGoal('wsbroker', 'wsbroker 1.0.15', 0.3),
    cpuGoal('wsbroker, batches', 'plain ws + undici', 0.4),
  ],
};
