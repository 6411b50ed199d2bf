import { startFanOut } from './fan-out.ts';
import type { StartLoad } from './load.ts';
import { startRooms } from './room.ts';

/** Every load, by the name that `startLoad` is given. */
export const loads = {
  'fan-out': startFanOut,
  room: startRooms,
} satisfies Readonly<Record<string, StartLoad>>;
