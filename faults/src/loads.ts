import { largeMessages } from './loads/large-messages.ts';
import { pingsUnread } from './loads/pings-unread.ts';
import type { Scenario } from './scenario.ts';
import { clientsStopped } from './scenarios/clients-stopped.ts';

/** What may not exhaust it. */
export const loads: readonly Scenario[] = [largeMessages, pingsUnread, clientsStopped];
