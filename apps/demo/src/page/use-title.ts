import { useMessage } from '@wsbroker/client-browser/react';
import { useEffect, useState } from 'react';
import type { ChatClient } from './chat.ts';

/** The tab's title: the room, and how much was said while nobody looked. */
export const useTitle = (client: ChatClient, room: string, unreadElsewhere: number): void => {
  const [unseen, setUnseen] = useState(0);
  useMessage(client, 'said', () => {
    if (document.visibilityState === 'hidden') setUnseen((lines) => lines + 1);
  });
  useEffect(() => {
    const seen = (): void => {
      if (document.visibilityState === 'visible') setUnseen(0);
    };
    document.addEventListener('visibilitychange', seen);
    return () => document.removeEventListener('visibilitychange', seen);
  }, []);
  const unread = unseen + unreadElsewhere;
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}#${room} – WSBroker chat`;
  }, [unread, room]);
};
