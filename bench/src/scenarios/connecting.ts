import { treeOf } from '../harness/cpu-time.ts';
import { figuresOf, startLoad, type Window } from '../harness/window.ts';
import type { CrowdChange, CrowdParams } from '../load/crowd.ts';
import { type CrowdPeer, crowdPeers, withoutBackend } from '../peers/crowd-peers.ts';
import type { Sample, Scale, Scenario } from '../scenario.ts';

interface ConnectingScale {
  readonly warmUpClients: number;
  readonly clients: number;
}

const scales: Readonly<Record<Scale, ConnectingScale>> = {
  full: { warmUpClients: 1_500, clients: 8_000 },
  quick: { warmUpClients: 500, clients: 1_500 },
  smoke: { warmUpClients: 5, clients: 50 },
};

const measureConnecting = async (peer: CrowdPeer, scale: ConnectingScale): Promise<readonly Sample[]> => {
  await using server = await peer.start();
  const params: CrowdParams = { port: server.port, wire: peer.wire, openedAtOnce: 100, areDirect: true };
  await using load = await startLoad('crowd', params);
  const change = (clients: number): Promise<void> => load.ask('change', { clients } satisfies CrowdChange);
  await change(scale.warmUpClients);
  const ownBefore = await server.ownCpuUs?.();
  await load.ask('begin', { pids: treeOf(server.pid) });
  await change(scale.warmUpClients + scale.clients);
  const connected = await load.ask<Window>('end');
  const ownAfter = await server.ownCpuUs?.();
  const { lost = 0 } = await load.ask<Record<string, number>>('stop');
  const figures = figuresOf(connected, (ownAfter ?? 0) - (ownBefore ?? 0));
  return [{ variant: '', figures: { ...figures, lost } }];
};

export const connecting: Scenario = {
  name: 'connecting',
  title: '8,000 clients connect, 100 at a time',
  unit: 'connection',
  contenders: [...crowdPeers, withoutBackend].map((peer) => ({
    ...peer,
    measure: (scale) => measureConnecting(peer, scales[scale]),
  })),
  shows: ['cpuUs', 'ratePerSecond', 'p50Ms', 'p99Ms', 'serverBusy', 'loadBusy', 'lost'],
  goals: [
    {
      of: { contender: withoutBackend.name },
      over: { contender: 'plain ws' },
      figure: 'ratePerSecond',
      atLeast: 0.8,
    },
  ],
  // They are short, and differ by a tenth.
  fullRounds: 9,
  notes: [
    'This broker tells its backend of each client that comes, here a function that does nothing; "plain ws" tells nobody, and so the goal is for a broker without a backend.',
    'The clients come directly: "plain ws" looks at no `X-Forwarded-For`, and this broker at each.',
    'A client of wsbroker.v1 is connected when it has been told so: that is one frame each way after the handshake.',
    'Quickly: 1,500 clients.',
  ],
};
