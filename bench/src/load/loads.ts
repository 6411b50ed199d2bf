import { startCrowd } from './crowd.ts';
import { startEvents } from './events.ts';
import { startFanOut } from './fan-out.ts';
import type { StartLoad } from './load.ts';
import { startRooms } from './room.ts';

/** Every load, by the name that `startLoad` is given. */
export const loads = {
  crowd: startCrowd,
  events: startEvents,
  'fan-out': startFanOut,
  room: startRooms,
} satisfies Readonly<Record<string, StartLoad>>;
