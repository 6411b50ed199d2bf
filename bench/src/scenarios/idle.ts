import { setTimeout as delay } from 'node:timers/promises';
import type { NodeServer } from '../harness/server.ts';
import { startLoad } from '../harness/window.ts';
import type { CrowdChange, CrowdParams } from '../load/crowd.ts';
import { type CrowdPeer, crowdPeers } from '../peers/crowd-peers.ts';
import type { Sample, Scale, Scenario } from '../scenario.ts';

interface IdleScale {
  /**
   * Clients that come and go so many times before: then code is compiled, which takes megabytes for a moment that the
   * process keeps. They are few, so that what they leave free is not much.
   */
  readonly warmUp: { readonly times: number; readonly clients: number };
  readonly clients: number;
  readonly settledMs: number;
}

const scales: Readonly<Record<Scale, IdleScale>> = {
  full: { warmUp: { times: 10, clients: 200 }, clients: 8_000, settledMs: 1_000 },
  quick: { warmUp: { times: 4, clients: 100 }, clients: 1_000, settledMs: 200 },
  smoke: { warmUp: { times: 2, clients: 5 }, clients: 50, settledMs: 50 },
};

const memoryOf = async ({ process }: NodeServer) => ({
  resident: await process.ask<number>('residentBytes'),
  held: await process.ask<number>('heldBytes'),
});

const measureIdle = async (peer: CrowdPeer, scale: IdleScale): Promise<readonly Sample[]> => {
  await using server = await peer.start(['--expose-gc']);
  const params: CrowdParams = { port: server.port, wire: peer.wire, openedAtOnce: 100 };
  await using load = await startLoad('crowd', params);
  const change = (clients: number): Promise<void> => load.ask('change', { clients } satisfies CrowdChange);
  for (let times = 0; times < scale.warmUp.times; times += 1) {
    await change(scale.warmUp.clients);
    await change(0);
  }
  await delay(scale.settledMs);
  const before = await memoryOf(server);
  await change(scale.clients);
  await delay(scale.settledMs);
  const after = await memoryOf(server);
  const { lost = 0 } = await load.ask<Record<string, number>>('stop');
  return [
    {
      variant: '',
      figures: {
        bytesPerConnection: (after.resident - before.resident) / scale.clients,
        heapBytesPerConnection: (after.held - before.held) / scale.clients,
        lost,
      },
    },
  ];
};

export const idle: Scenario = {
  name: 'idle',
  title: '8,000 clients are connected, and say nothing',
  unit: 'connection',
  contenders: crowdPeers.map((peer) => ({
    ...peer,
    measure: (scale) => measureIdle(peer, scales[scale]),
  })),
  shows: ['bytesPerConnection', 'heapBytesPerConnection', 'lost'],
  goals: [
    {
      of: { contender: 'wsbroker' },
      over: { contender: 'plain ws' },
      figure: 'bytesPerConnection',
      atMost: 1.25,
    },
    {
      of: { contender: 'wsbroker, v1 clients' },
      over: { contender: 'plain ws' },
      figure: 'bytesPerConnection',
      atMost: 1.5,
    },
  ],
  fullRounds: 3,
  notes: [
    'Memory is what the process has of the system when V8 has given back what it can (three collections of its last resort), less what it had before, when 2,000 others had come and gone, 200 at a time; what the kernel holds for a socket is not in it.',
    'Clients send the headers and cookies of a browser. "plain ws" keeps of each what it takes to tell them apart and to find those that are gone: an id, the address, the cookies, and a heartbeat.',
    'Quickly: 1,000 clients, over which what a process needs anyway is spread.',
  ],
};
