import { connectionFlood } from './loads/connection-flood.ts';
import { halfOpenHandshakes } from './loads/half-open-handshakes.ts';
import { hugeLists } from './loads/huge-lists.ts';
import { largeMessages } from './loads/large-messages.ts';
import { messageFlood } from './loads/message-flood.ts';
import { outOfDescriptors } from './loads/out-of-descriptors.ts';
import { pingsUnread } from './loads/pings-unread.ts';
import { slowPosts } from './loads/slow-posts.ts';
import { slowReaders } from './loads/slow-readers.ts';
import type { Scenario } from './scenario.ts';
import { clientsStopped } from './scenarios/clients-stopped.ts';

/** What may not exhaust it. */
export const loads: readonly Scenario[] = [
  largeMessages,
  pingsUnread,
  slowReaders,
  messageFlood,
  connectionFlood,
  halfOpenHandshakes,
  outOfDescriptors,
  hugeLists,
  clientsStopped,
  slowPosts,
];
