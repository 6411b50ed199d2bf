import type { ClientState } from '@wsbroker/client-browser';
import type { WatchedStatus } from './backend-watch.ts';
import type { PendingLine } from './chat-state.ts';

/**
 * Where a line of one's own is: on its way; kept by the broker until the backend is back; kept by this tab
 * until there is a socket; with the backend; or nowhere, and the person has to act.
 */
export type DeliveryState = 'sending' | 'kept-by-broker' | 'kept-by-tab' | 'delivered' | 'failed';

export const deliveryStateOf = (
  line: PendingLine | undefined,
  socket: ClientState,
  backend: WatchedStatus | undefined,
): DeliveryState => {
  if (line === undefined) return 'delivered';
  if (line.problem !== undefined) return 'failed';
  if (socket !== 'open') return 'kept-by-tab';
  return backend !== undefined && backend.backend.state !== 'up' ? 'kept-by-broker' : 'sending';
};
