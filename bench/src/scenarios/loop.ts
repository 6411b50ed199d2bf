import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
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

/** As many as a busy backend would keep open. */
const connections = 100;

const posterTo =
  (pool: Pool): Post =>
  async (commands) => {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(commands),
    });
    if (statusCode !== 200) throw new Error(`a POST was answered ${statusCode}`);
    return (await body.json()) as readonly unknown[];
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
  const pool = new Pool(`http://127.0.0.1:${server.port}`, { connections });
  const post = posterTo(pool);
  const [listed] = await post([{ type: 'list', fields: ['wskey'] }]);
  const keys = (listed as readonly { readonly wskey: string }[]).slice(0, joins).map(({ wskey }) => wskey);
  const samples: Sample[] = [];
  for (const [variant, run] of Object.entries(doings)) {
    const longestTurnMs = await longestTurn(server, settledMs, () => run(post, keys));
    samples.push({ variant, figures: { longestTurnMs } });
  }
  await pool.close();
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
    'The longest turn is the longest time that the event loop of the server was busy in one go, in CPU time of its thread: for so long nobody else is served. 1,000 joins are `session` commands, each for another connection; those with a POST each come over 100 HTTP connections.',
    'Quickly: 2,000 clients.',
  ],
};
