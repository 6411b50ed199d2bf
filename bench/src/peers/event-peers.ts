import { AskedProcess } from '../harness/asked-process.ts';
import { installedVersion } from '../harness/machine.ts';
import { type Server, startServer } from '../harness/server.ts';
import { measureWindow, startLoad, type WindowTimes } from '../harness/window.ts';
import type { Figures } from '../figures.ts';
import type { EventBackendOptions } from '../load/event-backend.ts';
import { eventMessage, type EventsParams } from '../load/events.ts';
import type { WireName } from '../load/wires.ts';
import type { Contender } from '../scenario.ts';

/** Who brings events to a backend: how it is started, what its clients speak, what its backend takes. */
export interface EventPeer extends Omit<Contender, 'measure'> {
  readonly start: (backendUrl: string) => Promise<Server>;
  /** @default plain */
  readonly wire?: WireName;
  /** The message on that wire. @default as it is */
  readonly text?: string;
  readonly backend?: EventBackendOptions;
}

export interface EventTimes extends WindowTimes {
  readonly clients: number;
}

/** On the core of the load, like the clients. */
const startBackend = async (options: EventBackendOptions) => {
  const backend = new AskedProcess({
    role: 'load',
    script: new URL('../load/event-backend.ts', import.meta.url),
  });
  const port = await backend.ask<number>('listen', options);
  return {
    url: `http://127.0.0.1:${port}/events`,
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
};

/** Clients, each with one message outstanding: client, server, backend, server, client. */
export const measureEvents = async (
  { start, wire = 'plain', text = eventMessage, backend: options = {} }: EventPeer,
  { clients, ...times }: EventTimes,
): Promise<Figures> => {
  await using backend = await startBackend(options);
  await using server = await start(backend.url);
  await using load = await startLoad('events', {
    port: server.port,
    clients,
    wire,
    text,
  } satisfies EventsParams);
  const figures = await measureWindow(server, load, times);
  const { lost = 0 } = await load.ask<Record<string, number>>('stop');
  return { ...figures, lost };
};

/** 200 clients have no more than 40,000 messages a second by default, which is less than what is measured. */
const maySendMore = { messagesPerSecond: 1_000, messageBurst: 2_000 };

const wsbroker: EventPeer = {
  name: 'wsbroker',
  start: (url) => startServer('wsbroker', { backend: { url }, ...maySendMore }),
};

export const eventPeers: readonly EventPeer[] = [
  wsbroker,
  { ...wsbroker, name: 'wsbroker, batches', backend: { maxBatch: 100 } },
  { ...wsbroker, name: 'wsbroker, v1 clients', wire: 'wsbroker.v1' },
  {
    name: 'plain ws + undici',
    version: () => `${installedVersion('ws')} + ${installedVersion('undici')}`,
    start: (backendUrl) => startServer('ws-events', { backendUrl }),
  },
  {
    name: 'socket.io + undici',
    version: () => `${installedVersion('socket.io')} + ${installedVersion('undici')}`,
    wire: 'socket.io',
    text: `42["message",${eventMessage}]`,
    start: (backendUrl) => startServer('socket-io-events', { backendUrl }),
  },
  {
    name: 'wsbroker 1.0.15',
    notFor: ['quick'],
    start: (backendUrl) => startServer('seed', { backendUrl }),
  },
];
