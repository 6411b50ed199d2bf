import { setTimeout as delay } from 'node:timers/promises';
import { type NodeServer, startServer } from '../harness/server.ts';
import { startLoad } from '../harness/window.ts';
import type { CrowdChange, CrowdParams } from '../load/crowd.ts';
import type { Sample, Scale, Scenario } from '../scenario.ts';

interface LoopScale {
  readonly clients: number;
  readonly joins: number;
  readonly settledMs: number;
}

const scales: Readonly<Record<Scale, LoopScale>> = {
  full: { clients: 10_000, joins: 1_000, settledMs: 1_000 },
  quick: { clients: 2_000, joins: 1_000, settledMs: 200 },
  smoke: { clients: 50, joins: 10, settledMs: 50 },
};

type Post = (commands: readonly unknown[]) => Promise<readonly unknown[]>;

const posterTo =
  (port: number): Post =>
  async (commands) => {
    const body = JSON.stringify(commands);
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body });
    if (response.status !== 200) throw new Error(`a POST was answered ${response.status}`);
    return (await response.json()) as readonly unknown[];
  };

/** Each gives what is done at once. */
const doings: Readonly<Record<string, (post: Post, keys: readonly string[]) => Promise<unknown>>> = {
  list: (post) => post([{ type: 'list' }]),
  'send to all': (post) => post([{ type: 'send', message: { type: 'news', text: 'hello everybody' } }]),
  'joins, in one POST': (post, keys) =>
    post(keys.map((wskey) => ({ type: 'session', match: { wskey }, add: { rooms: 'lobby' } }))),
  'joins, a POST each': (post, keys) =>
    Promise.all(keys.map((wskey) => post([{ type: 'session', match: { wskey }, add: { rooms: 'garden' } }]))),
};

const longestTurn = async (server: NodeServer, settledMs: number, run: () => Promise<unknown>) => {
  await server.process.ask('watchTurns');
  await run();
  // What is written to all is not all written when the POST is answered.
  await delay(settledMs);
  return server.process.ask<number>('longestTurnMs');
};

const measureLoop = async ({ clients, joins, settledMs }: LoopScale): Promise<readonly Sample[]> => {
  await using server = await startServer('wsbroker-turns');
  const params: CrowdParams = { port: server.port, wire: 'plain', openedAtOnce: 100 };
  await using load = await startLoad('crowd', params);
  await load.ask('change', { clients } satisfies CrowdChange);
  const post = posterTo(server.port);
  const [listed] = await post([{ type: 'list', fields: ['wskey'] }]);
  const keys = (listed as readonly { readonly wskey: string }[]).slice(0, joins).map(({ wskey }) => wskey);
  const samples: Sample[] = [];
  for (const [variant, run] of Object.entries(doings)) {
    const longestTurnMs = await longestTurn(server, settledMs, () => run(post, keys));
    samples.push({ variant, figures: { longestTurnMs } });
  }
  await load.ask('stop');
  return samples;
};

export const loop: Scenario = {
  name: 'loop',
  title: '10,000 clients are connected, and something is done with many of them at once',
  unit: 'command',
  contenders: [{ name: 'wsbroker', measure: (scale) => measureLoop(scales[scale]) }],
  shows: ['longestTurnMs'],
  goals: Object.keys(doings).map((variant) => ({
    of: { contender: 'wsbroker', variant },
    figure: 'longestTurnMs',
    atMost: 50,
  })),
  fullRounds: 3,
  notes: [
    'The longest turn is the longest time that the event loop of the server was busy in one go, in CPU time of its thread: for so long nobody else is served. 1,000 joins are `session` commands, each for another connection.',
    'Quickly: 2,000 clients.',
  ],
};
