import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Server, startServer } from '../harness/server.ts';
import { type EventPeer, type EventTimes, measureEvents } from '../peers/event-peers.ts';
import type { Scale, Scenario } from '../scenario.ts';

const scales: Readonly<Record<Scale, EventTimes>> = {
  full: { clients: 200, warmUpMs: 4_000, windowMs: 3_000 },
  quick: { clients: 200, warmUpMs: 500, windowMs: 300 },
  smoke: { clients: 20, warmUpMs: 50, windowMs: 100 },
};

/** Not in the folder for temporary files, which on many machines is in memory and costs nothing to write to. */
const journals = fileURLToPath(new URL('../../node_modules/.journal-', import.meta.url));

const startJournaled = async (backendUrl: string): Promise<Server> => {
  const folder = await mkdtemp(journals);
  const remove = (): Promise<void> => rm(folder, { recursive: true });
  try {
    const options = { backend: { url: backendUrl }, journal: join(folder, 'events.db') };
    const server = await startServer('wsbroker', options);
    return {
      ...server,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
};

const withJournal = 'wsbroker, journal';
const without = 'wsbroker, no journal';

const peers: readonly EventPeer[] = [
  { name: withJournal, start: startJournaled },
  { name: without, start: (url) => startServer('wsbroker', { backend: { url } }) },
];

export const journal: Scenario = {
  name: 'journal',
  title: 'The same events, each on the disk before it is acknowledged and delivered',
  unit: 'event',
  contenders: peers.map((peer) => ({
    ...peer,
    async measure(scale) {
      return [{ variant: '', figures: await measureEvents(peer, scales[scale]) }];
    },
  })),
  shows: ['cpuUs', 'ratePerSecond', 'p50Ms', 'p99Ms', 'serverBusy', 'loadBusy', 'lost'],
  notes: [
    'The thread of the journal is counted, and runs on the same core as the broker. How long the disk takes shows in p50 and p99.',
  ],
  goals: [{ of: { contender: withJournal }, over: { contender: without }, figure: 'cpuUs', atMost: 1.6 }],
};
