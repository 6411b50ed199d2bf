import type { Scenario } from './scenario.ts';
import { fanOut } from './scenarios/fan-out.ts';
import { events } from './scenarios/events.ts';
import { connecting } from './scenarios/connecting.ts';
import { journal } from './scenarios/journal.ts';
import { idle } from './scenarios/idle.ts';
import { loop } from './scenarios/loop.ts';
import { room } from './scenarios/room.ts';

/** In the order of the report. */
export const scenarios: readonly Scenario[] = [fanOut, events, journal, room, idle, connecting, loop];
