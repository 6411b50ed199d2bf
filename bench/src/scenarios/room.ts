import { startServer } from '../harness/server.ts';
import { measureWindow, startLoad, type WindowTimes } from '../harness/window.ts';
import type { RoomParams } from '../load/room.ts';
import type { Sample, Scale, Scenario } from '../scenario.ts';

interface RoomScale extends WindowTimes {
  readonly few: number;
  readonly many: number;
}

const roomSize = 10;

const scales: Readonly<Record<Scale, RoomScale>> = {
  full: { few: 1_000, many: 10_000, warmUpMs: 1_500, windowMs: 3_000 },
  quick: { few: 300, many: 3_000, warmUpMs: 400, windowMs: 400 },
  smoke: { few: 20, many: 40, warmUpMs: 50, windowMs: 100 },
};

const few = 'few connections';
const many = 'ten times as many';

/** The load connects faster than the default lets clients come; the rest is as it is. */
const manyHandshakes = { handshakesPerSecond: 100_000, handshakeBurst: 100_000 };

const measureRoom = async (clients: number, variant: string, times: WindowTimes): Promise<Sample> => {
  await using server = await startServer('wsbroker', manyHandshakes);
  await using load = await startLoad('room', {
    port: server.port,
    clients,
    roomSize,
  } satisfies RoomParams);
  const figures = await measureWindow(server, load, times);
  const { lost = 0 } = await load.ask<Record<string, number>>('stop');
  return { variant, figures: { ...figures, lost } };
};

export const room: Scenario = {
  name: 'room',
  title: 'An HTTP POST of one message goes to a room of 10, among 1,000 connections and among 10,000',
  unit: 'POST',
  contenders: [
    {
      name: 'wsbroker',
      async measure(scale) {
        const { few: fewClients, many: manyClients, ...times } = scales[scale];
        return [await measureRoom(fewClients, few, times), await measureRoom(manyClients, many, times)];
      },
    },
  ],
  shows: ['cpuUs', 'ratePerSecond', 'p50Ms', 'p99Ms', 'serverBusy', 'loadBusy', 'lost'],
  goals: [
    {
      of: { contender: 'wsbroker', variant: many },
      over: { contender: 'wsbroker', variant: few },
      figure: 'cpuUs',
      atMost: 1.3,
    },
  ],
  fullRounds: 3,
  notes: [
    'One POST is outstanding; 50 rooms are posted to in turn, each on an HTTP connection of its own.',
    'Clients are put into their rooms by a cookie of their handshake, so that every room has 10.',
    'Quickly: 300 and 3,000 connections.',
  ],
};
