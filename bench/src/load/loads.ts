import { startFanOut } from './fan-out.ts';
import type { StartLoad } from './load.ts';

/** Every load, by the name that `startLoad` is given. */
export const loads = {
  'fan-out': startFanOut,
} satisfies Readonly<Record<string, StartLoad>>;
