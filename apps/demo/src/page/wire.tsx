import type { ClientState } from '@wsbroker/client-browser';
import { useStatus } from '@wsbroker/client-browser/react';
import { useId, useState, useSyncExternalStore } from 'react';
import { BackendButtons } from './backend-buttons.tsx';
import type { BackendWatch, WatchedStatus } from './backend-watch.ts';
import type { ChatClient } from './chat.ts';
import { timeOf } from './clock.ts';
import { Light, type LightState } from './light.tsx';
import { useOpenSince } from './use-open-since.ts';

export interface WireProps {
  readonly client: ChatClient;
  readonly backend: BackendWatch;
}

interface Lit {
  readonly light: LightState;
  readonly text: string;
}

/**
 * What is between this tab and the others: the socket to the broker, and the broker's way to the backend.
 * A light for each, and the buttons that put the second one out. On a narrow screen only the lights are
 * there, and show the rest when touched.
 */
export const Wire = ({ client, backend }: WireProps) => {
  const id = useId();
  const [isOpen, setIsOpen] = useState(false);
  const { state } = useStatus(client);
  const status = useSyncExternalStore(backend.subscribe, backend.getStatus);
  const openSinceMs = useOpenSince(client);
  const socketLit = litSocket(state);
  const backendLit = litBackend(status);
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
          <li className="node">
            Broker
            {status && <small>{counted(status.broker.sockets, 'socket')}</small>}
          </li>
          <li className="link" data-state={backendLit.light} data-testid="backend">
            <Light state={backendLit.light} />
            <span>{backendLit.text}</span>
          </li>
          <li className="node" data-gone={status?.backend.state === 'stopped'}>
            Backend
            {status && (
              <small>{status.backend.pid === null ? 'no process' : `pid ${status.backend.pid}`}</small>
            )}
          </li>
        </ol>
        <BackendButtons backend={backend} isKnown={status !== undefined} />
      </div>
    </>
  );
};

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

const litBackend = (status: WatchedStatus | undefined): Lit => {
  switch (status?.backend.state) {
    case 'up':
      return { light: 'good', text: 'Backend up' };
    case 'starting':
      return { light: 'waiting', text: 'Starting' };
    case 'stopped':
      return { light: 'away', text: 'Backend away' };
    case undefined:
      return { light: 'unknown', text: 'Not known' };
  }
};
