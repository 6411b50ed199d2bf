import { setTimeout as delay } from 'node:timers/promises';
import { AskedProcess } from '../harness/asked-process.ts';
import { startServer } from '../harness/server.ts';
import { startLoad } from '../harness/window.ts';
import { eventMessage, type EventsParams } from '../load/events.ts';
import { chatMessage, type FanOutParams } from '../load/fan-out.ts';
import type { Span } from './cpu-profile.ts';

interface Profiled {
  readonly title: string;
  /** @returns the time that counts. */
  readonly run: (nodeOptions: readonly string[]) => Promise<Span>;
}

const warmUpMs = 4_000;
const profiledMs = 6_000;

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Under a load that runs. */
const wait = async (): Promise<Span> => {
  await delay(warmUpMs);
  const fromMs = nowMs();
  await delay(profiledMs);
  return { fromMs, toMs: nowMs() };
};

const profileFanOut = async (nodeOptions: readonly string[]): Promise<Span> => {
  await using server = await startServer('wsbroker', {}, nodeOptions);
  await using load = await startLoad('fan-out', {
    port: server.port,
    clients: 1_000,
    wire: 'plain',
    publication: {
      port: server.port,
      path: '/',
      contentType: 'application/json',
      body: `[{"type":"send","message":${chatMessage}}]`,
    },
  } satisfies FanOutParams);
  await load.ask('change', { outstanding: 4 });
  const span = await wait();
  await load.ask('stop');
  return span;
};

const profileEvents = async (nodeOptions: readonly string[]): Promise<Span> => {
  await using backend = new AskedProcess({
    role: 'load',
    script: new URL('../load/event-backend.ts', import.meta.url),
  });
  const backendPort = await backend.ask<number>('listen');
  const url = `http://127.0.0.1:${backendPort}/events`;
  await using server = await startServer('wsbroker', { backend: { url } }, nodeOptions);
  await using load = await startLoad('events', {
    port: server.port,
    clients: 200,
    wire: 'plain',
    text: eventMessage,
  } satisfies EventsParams);
  const span = await wait();
  await load.ask('stop');
  return span;
};

/** The loads under which the broker is profiled. */
export const profiled: Readonly<Record<string, Profiled>> = {
  'fan-out': {
    title: 'Fan-out: POSTs of one message to 1,000 plain clients, 4 outstanding',
    run: profileFanOut,
  },
  events: {
    title: 'Events: client, broker, HTTP backend, broker, client; 200 clients, one outstanding each',
    run: profileEvents,
  },
};
