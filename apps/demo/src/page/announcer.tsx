import { useMessage } from '@wsbroker/client-browser/react';
import { useState } from 'react';
import type { Person } from '../contract.ts';
import type { ChatClient } from './chat.ts';

export interface AnnouncerProps {
  readonly client: ChatClient;
  readonly me: Person | undefined;
}

/**
 * Reads out what the others say. Apart from the list of lines, where a screen reader would also hear the
 * history of each room that is entered.
 */
export const Announcer = ({ client, me }: AnnouncerProps) => {
  const [text, setText] = useState('');
  useMessage(client, 'said', ({ line }) => {
    if (line.user !== me?.user) setText(`${line.name}: ${line.text}`);
  });
  return (
    <p className="unseen" aria-live="polite">
      {text}
    </p>
  );
};
