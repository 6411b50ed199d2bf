import type { FanOut } from '../hub/fan-out.ts';
import type { Hub } from '../hub/hub.ts';
import type { Settings } from '../options.ts';
import type { ClientEventsContext } from './client-events.ts';

/** What a client's connection works with. */
export interface ClientContext extends ClientEventsContext {
  readonly hub: Hub;
  readonly fanOut: FanOut;
  readonly settings: Settings;
}
