import { useStatus } from '@wsbroker/client-browser/react';
import { useState } from 'react';
import type { ChatClient } from './chat.ts';

/** Since when this very socket has been open; undefined while there is none. */
export const useOpenSince = (client: ChatClient): number | undefined => {
  const isOpen = useStatus(client).state === 'open';
  const [openedAtMs, setOpenedAtMs] = useState<number>();
  // Set while rendering, so that nothing is ever shown of the socket before.
  if (isOpen !== (openedAtMs !== undefined)) setOpenedAtMs(isOpen ? Date.now() : undefined);
  return openedAtMs;
};
