import { setTimeout as delay } from 'node:timers/promises';
import type { Figures } from '../figures.ts';
import { AskedProcess } from './asked-process.ts';
import { treeOf } from './cpu-time.ts';
import type { Server } from './server.ts';

/** What a load tells of the time between `begin` and `end`. */
export interface Window {
  readonly operations: number;
  readonly elapsedMs: number;
  readonly serverUs?: number;
  readonly loadUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Starts a load of `load/loads.ts` in a process of its own, and waits until it is connected. */
export const startLoad = async (
  kind: string,
  params: unknown,
  nodeOptions: readonly string[] = [],
): Promise<AskedProcess> => {
  const load = new AskedProcess({
    role: 'load',
    script: new URL('../load/load-process.ts', import.meta.url),
    args: [kind],
    nodeOptions,
  });
  try {
    await load.ask('start', params);
    return load;
  } catch (error) {
    await load[Symbol.asyncDispose]();
    throw error;
  }
};

export interface WindowTimes {
  /** Traffic before the measuring, so that code is compiled and buffers are as they stay. */
  readonly warmUpMs: number;
  readonly windowMs: number;
}

const maxTries = 50;

/** Measures a server under a load that is running. */
export const measureWindow = async (
  server: Server,
  load: AskedProcess,
  { warmUpMs, windowMs }: WindowTimes,
): Promise<Figures> => {
  await delay(warmUpMs);
  // Where the system does not tell, the server does.
  const ownBefore = await server.ownCpuUs?.();
  await load.ask('begin', { pids: treeOf(server.pid) });
  await delay(windowMs);
  let window = await load.ask<Window>('end');
  // A busy machine takes its time: the window lasts until there is something in it.
  for (let tries = 0; window.operations === 0 && tries < maxTries; tries += 1) {
    await delay(windowMs);
    window = await load.ask<Window>('end');
  }
  const ownAfter = await server.ownCpuUs?.();
  if (window.operations === 0) throw new Error(`nothing arrived in ${Math.round(window.elapsedMs)} ms`);
  return figuresOf(window, (ownAfter ?? 0) - (ownBefore ?? 0));
};

/** @param ownUs What the server says that it took; counts where the system does not tell. */
export const figuresOf = (window: Window, ownUs: number): Figures => {
  const { serverUs = ownUs, operations, elapsedMs, loadUs, p50Ms, p99Ms } = window;
  return {
    cpuUs: serverUs / operations,
    ratePerSecond: (operations * 1_000) / elapsedMs,
    p50Ms,
    p99Ms,
    serverBusy: serverUs / 1_000 / elapsedMs,
    loadBusy: loadUs / 1_000 / elapsedMs,
  };
};
