import type { ClientState } from '@wsbroker/client-browser';
import { useStatus } from '@wsbroker/client-browser/react';
import { useId, useState, useSyncExternalStore } from 'react';
import type { ProcessStatus } from '../control-status.ts';
import { backendStateOf } from './backend-state.ts';
import type { ChatClient } from './chat.ts';
import { timeOf } from './clock.ts';
import { Light, type LightState } from './light.tsx';
import { ProcessButtons } from './process-buttons.tsx';
import type { ProcessWatch } from './process-watch.ts';
import { useOpenSince } from './use-open-since.ts';

export interface WireProps {
  readonly client: ChatClient;
  readonly processes: ProcessWatch;
}

interface Lit {
  readonly light: LightState;
  readonly text: string;
}

/**
 * What is between this tab and the others: the socket to the broker, and the broker's way to the backend.
 * A light for each, and the buttons that put them out. On a narrow screen only the lights are
 * there, and show the rest when touched.
 */
export const Wire = ({ client, processes }: WireProps) => {
  const id = useId();
  const [isOpen, setIsOpen] = useState(false);
  const socket = useStatus(client);
  const watched = useSyncExternalStore(processes.subscribe, processes.getStatus);
  const openSinceMs = useOpenSince(client);
  const socketLit = litSocket(socket.state);
  const backendLit = litBackend[backendStateOf(socket, watched)];
  return (
    <>
      <button
        type="button"
        className="lights only-narrow"
        aria-label={`${socketLit.text}, ${backendLit.text}`}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setIsOpen(!isOpen)}
      >
        <Light state={socketLit.light} />
        <Light state={backendLit.light} />
      </button>
      <div id={id} className="wire" data-open={isOpen}>
        <ol>
          <li className="node">
            This tab
            {openSinceMs !== undefined && <small>since {timeOf(openSinceMs)}</small>}
          </li>
          <li className="link" data-state={socketLit.light} data-testid="socket">
            <Light state={socketLit.light} />
            <span>{socketLit.text}</span>
          </li>
          <li className="node" data-gone={watched?.broker.state === 'stopped'}>
            Broker
            {watched && (
              <small>
                {processText(watched.broker)}
                {watched.broker.state === 'up' && ` · ${counted(watched.broker.sockets, 'socket')}`}
              </small>
            )}
          </li>
          <li className="link" data-state={backendLit.light} data-testid="backend">
            <Light state={backendLit.light} />
            <span>{backendLit.text}</span>
          </li>
          <li className="node" data-gone={watched?.backend.state === 'stopped'}>
            Backend
            {watched && <small>{processText(watched.backend)}</small>}
          </li>
        </ol>
        <ProcessButtons processes={processes} isKnown={watched !== undefined} />
      </div>
    </>
  );
};

const processText = ({ pid }: ProcessStatus): string => (pid === null ? 'no process' : `pid ${pid}`);

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const litSocket = (state: ClientState): Lit => {
  switch (state) {
    case 'open':
      return { light: 'good', text: 'Socket open' };
    case 'connecting':
      return { light: 'waiting', text: 'Connecting' };
    case 'waiting':
    case 'suspended':
      return { light: 'away', text: 'Reconnecting' };
    case 'offline':
      return { light: 'away', text: 'No network' };
    case 'idle':
    case 'closed':
      return { light: 'away', text: 'Socket closed' };
  }
};

const litBackend: Readonly<Record<ReturnType<typeof backendStateOf>, Lit>> = {
  up: { light: 'good', text: 'Backend up' },
  starting: { light: 'waiting', text: 'Starting' },
  away: { light: 'away', text: 'Backend away' },
  unknown: { light: 'unknown', text: 'Not known' },
};
