/** Runs one load: `load-process.ts KIND`. Started by `startLoad`. */
import { answerAsks } from '../harness/answer-asks.ts';
import { cpuTimeUs } from '../harness/cpu-time.ts';
import { percentile } from '../harness/percentile.ts';
import type { Load } from './load.ts';
import { loads } from './loads.ts';

interface Moment {
  readonly atMs: number;
  readonly serverUs: number | undefined;
  readonly loadUs: number;
}

const ownUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** All that is read at the beginning and at the end is read here, in one turn: the server's time as well. */
const moment = (pids: readonly number[]): Moment => ({
  atMs: performance.now(),
  serverUs: cpuTimeUs(pids),
  loadUs: ownUs(),
});

const [kind = ''] = process.argv.slice(2);
const start = loads[kind as keyof typeof loads] as ((params: unknown) => Promise<Load>) | undefined;
let load: Load | undefined;
let begun: Moment | undefined;
let pids: readonly number[] = [];

const running = (): Load => {
  if (!load) throw new Error(`the load '${kind}' was not started`);
  return load;
};

answerAsks({
  async start(params) {
    if (!start) throw new Error(`there is no load '${kind}': there are ${Object.keys(loads).join(', ')}`);
    load = await start(params);
  },
  change: (params) => running().change?.(params),
  begin(params: { readonly pids: readonly number[] }) {
    ({ pids } = params);
    running().begin();
    begun = moment(pids);
  },
  end() {
    const { operations, latenciesMs } = running().end();
    const { atMs, serverUs, loadUs } = moment(pids);
    return {
      operations,
      elapsedMs: atMs - (begun?.atMs ?? atMs),
      serverUs: serverUs === undefined ? undefined : serverUs - (begun?.serverUs ?? 0),
      loadUs: loadUs - (begun?.loadUs ?? 0),
      p50Ms: percentile(latenciesMs, 50),
      p99Ms: percentile(latenciesMs, 99),
    };
  },
  stop: () => running().stop(),
});
