import { chatMessage, type FanOutParams } from '../load/fan-out.ts';
import type { WireName } from '../load/wires.ts';
import type { Goal } from '../goal.ts';
import { type Server, startServer } from '../harness/server.ts';
import { measureWindow, startLoad, type WindowTimes } from '../harness/window.ts';
import type { Contender, Sample, Scale, Scenario } from '../scenario.ts';

interface FanOutScale extends WindowTimes {
  readonly clients: number;
  readonly outstanding: readonly number[];
}

const scales: Readonly<Record<Scale, FanOutScale>> = {
  full: { clients: 1_000, outstanding: [1, 4, 16], warmUpMs: 1_000, windowMs: 2_000 },
  quick: { clients: 1_000, outstanding: [1, 4, 16], warmUpMs: 400, windowMs: 400 },
  smoke: { clients: 20, outstanding: [1, 4], warmUpMs: 50, windowMs: 100 },
};

/** How a contender is published to, and what its clients speak. */
export interface FanOutPeer {
  readonly name: string;
  readonly wire: WireName;
  readonly start: () => Promise<Server>;
  readonly publication: (server: Server) => FanOutParams['publication'];
  readonly missing?: () => string | undefined;
}

const measureFanOut = async (peer: FanOutPeer, scale: FanOutScale): Promise<readonly Sample[]> => {
  await using server = await peer.start();
  await using load = await startLoad('fan-out', {
    port: server.port,
    clients: scale.clients,
    wire: peer.wire,
    publication: peer.publication(server),
  } satisfies FanOutParams);
  const samples: Sample[] = [];
  for (const outstanding of scale.outstanding) {
    await load.ask('change', { outstanding });
    const figures = await measureWindow(server, load, scale);
    samples.push({ variant: `${outstanding} outstanding`, figures });
  }
  const { lost = 0 } = await load.ask<Record<string, number>>('stop');
  return samples.map(({ variant, figures }) => ({ variant, figures: { ...figures, lost } }));
};

export const contenderOf = (peer: FanOutPeer): Contender => ({
  name: peer.name,
  ...(peer.missing ? { missing: peer.missing } : {}),
  measure: (scale) => measureFanOut(peer, scales[scale]),
});

const json = 'application/json';
const command = `[{"type":"send","message":${chatMessage}}]`;

const wsbroker: FanOutPeer = {
  name: 'wsbroker',
  wire: 'plain',
  start: () => startServer('wsbroker'),
  publication: ({ port }) => ({ port, path: '/', contentType: json, body: command }),
};

const plainWs: FanOutPeer = {
  name: 'plain ws',
  wire: 'plain',
  start: () => startServer('ws'),
  publication: ({ port }) => ({ port, path: '/', contentType: json, body: `{"message":${chatMessage}}` }),
};

const cpuGoal = (outstanding: number, over: string, atMost: number): Goal => {
  const variant = `${outstanding} outstanding`;
  return {
    of: { contender: 'wsbroker', variant },
    over: { contender: over, variant },
    figure: 'cpuUs',
    atMost,
  };
};

export const fanOut: Scenario = {
  name: 'fan-out',
  title: 'An HTTP POST of one message goes to 1,000 clients',
  unit: 'delivery',
  contenders: [wsbroker, plainWs].map(contenderOf),
  shows: ['cpuUs', 'ratePerSecond', 'p50Ms', 'p99Ms', 'serverBusy', 'loadBusy', 'lost'],
  goals: [cpuGoal(1, 'plain ws', 0.8), cpuGoal(4, 'plain ws', 0.35), cpuGoal(16, 'plain ws', 0.1)],
};
