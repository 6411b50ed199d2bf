import { setTimeout as delay } from 'node:timers/promises';
import type { Goal } from '../goal.ts';
import { measureWindow, startLoad, type WindowTimes } from '../harness/window.ts';
import type { FanOutParams } from '../load/fan-out.ts';
import { type FanOutPeer, fanOutPeers, likeNchan } from '../peers/fan-out-peers.ts';
import type { Contender, Sample, Scale, Scenario } from '../scenario.ts';

interface FanOutScale extends WindowTimes {
  readonly clients: number;
  readonly outstanding: readonly number[];
  /** Before the first window: what was never run is compiled then. */
  readonly settleMs: number;
}

const scales: Readonly<Record<Scale, FanOutScale>> = {
  full: { clients: 1_000, outstanding: [1, 4, 16], settleMs: 1_500, warmUpMs: 700, windowMs: 2_000 },
  quick: { clients: 1_000, outstanding: [1, 4, 16], settleMs: 500, warmUpMs: 150, windowMs: 250 },
  smoke: { clients: 20, outstanding: [1, 4], settleMs: 0, warmUpMs: 50, windowMs: 100 },
};

const variantOf = (outstanding: number): string => `${outstanding} outstanding`;

const measureFanOut = async (peer: FanOutPeer, scale: FanOutScale): Promise<readonly Sample[]> => {
  await using server = await peer.start();
  await using load = await startLoad('fan-out', {
    port: server.port,
    clients: scale.clients,
    wire: peer.wire,
    publication: peer.publication(server),
  } satisfies FanOutParams);
  await load.ask('change', { outstanding: scale.outstanding[0] ?? 1 });
  await delay(scale.settleMs);
  const samples: Sample[] = [];
  for (const outstanding of scale.outstanding) {
    await load.ask('change', { outstanding });
    samples.push({
      variant: variantOf(outstanding),
      figures: await measureWindow(server, load, scale),
    });
  }
  const { lost = 0 } = await load.ask<Record<string, number>>('stop');
  return samples.map(({ variant, figures }) => ({ variant, figures: { ...figures, lost } }));
};

const contenderOf = (peer: FanOutPeer): Contender => ({
  ...peer,
  measure: (scale) => measureFanOut(peer, scales[scale]),
});

const ours = 'wsbroker';
const oursToV1 = 'wsbroker, v1 clients';

interface Bound {
  readonly outstanding: number;
  readonly of?: string;
  readonly over: string;
  readonly atMost: number;
}

const cpuGoal = ({ outstanding, of = ours, over, atMost }: Bound): Goal => ({
  of: { contender: of, variant: variantOf(outstanding) },
  over: { contender: over, variant: variantOf(outstanding) },
  figure: 'cpuUs',
  atMost,
});

export const fanOut: Scenario = {
  name: 'fan-out',
  title: 'An HTTP POST of one message goes to 1,000 clients',
  unit: 'delivery',
  contenders: fanOutPeers.map(contenderOf),
  shows: ['cpuUs', 'ratePerSecond', 'p50Ms', 'p99Ms', 'serverBusy', 'loadBusy', 'lost'],
  notes: [
    'A hundredth of the clients is read at once; the others every 3 ms, by a thread that sleeps between: they stand for clients elsewhere, whose reading costs a server nothing.',
    'nchan leaves the algorithm of Nagle on for its subscribers: a message waits until the client has acknowledged the one before, and is then sent by the kernel, in the time of the client. This broker, as `ws`, sends at once (`TCP_NODELAY`), and "wsbroker, Nagle on" is the same broker without: it says what the two cost on equal terms.',
    'pushpin answers a POST before the message has gone out: to it, what has not arrived is outstanding, and what is lost had not come ten seconds after the last POST.',
    'pushpin runs with its rate limit lifted and its own test handler as backend.',
  ],
  goals: [
    cpuGoal({ outstanding: 1, over: 'plain ws', atMost: 0.8 }),
    cpuGoal({ outstanding: 4, over: 'plain ws', atMost: 0.35 }),
    cpuGoal({ outstanding: 4, over: 'nchan', atMost: 0.6 }),
    cpuGoal({ outstanding: 4, of: likeNchan, over: 'nchan', atMost: 0.6 }),
    cpuGoal({ outstanding: 16, over: 'plain ws', atMost: 0.1 }),
    {
      of: { contender: ours, variant: variantOf(16) },
      over: { contender: 'plain ws', variant: variantOf(16) },
      figure: 'ratePerSecond',
      atLeast: 15,
    },
    ...[1, 4, 16].map((outstanding) => cpuGoal({ outstanding, of: oursToV1, over: ours, atMost: 1.15 })),
  ],
};
