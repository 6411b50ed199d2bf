import type { ClientStatus } from '@wsbroker/client-browser';
import { useStatus } from '@wsbroker/client-browser/react';
import { type ReactNode, useSyncExternalStore } from 'react';
import type { BackendWatch } from './backend-watch.ts';
import type { ChatClient } from './chat.ts';
import { timeOf } from './clock.ts';
import { useGoodNews } from './use-good-news.ts';
import { useOpenSince } from './use-open-since.ts';
import { useSecondsUntil } from './use-seconds-until.ts';

export interface AwayBannerProps {
  readonly client: ChatClient;
  readonly backend: BackendWatch;
  /** Lines that wait. */
  readonly pending: number;
}

/** Says what is missing, what becomes of what one writes meanwhile, and when it is over. */
export const AwayBanner = ({ client, backend, pending }: AwayBannerProps) => {
  const socket = useStatus(client);
  const status = useSyncExternalStore(backend.subscribe, backend.getStatus);
  const openSinceMs = useOpenSince(client);
  const isOpen = socket.state === 'open';
  const seconds = useSecondsUntil(isOpen ? status?.returnsAtMs : socket.retryAtMs);
  const isBack = useGoodNews(status?.backend.state);

  if (!isOpen) {
    // For the blink of an eye that it takes to connect at first, there is nothing to say.
    if (socket.state === 'connecting' && socket.attempt === 0) return null;
    return (
      <Banner kind="bad" button="Try now" onPress={() => client.connect()}>
        <strong>
          {lostText(socket)}
          <Countdown text="trying again" seconds={seconds} />.
        </strong>{' '}
        What you write is kept in this tab{kept(pending)}.
      </Banner>
    );
  }
  switch (status?.backend.state) {
    case 'starting':
      return (
        <Banner kind="waiting">
          <strong>The backend is starting.</strong> {stillConnected(pending)}
        </Banner>
      );
    case 'stopped':
      return (
        <Banner kind="waiting" button="Start it now" onPress={() => void backend.restart().catch(() => {})}>
          <strong>
            The backend is away
            <Countdown text="back" seconds={seconds} />.
          </strong>{' '}
          {stillConnected(pending)}
        </Banner>
      );
    default:
      if (!isBack || openSinceMs === undefined) return null;
      return (
        <Banner kind="good">
          <strong>The backend is back</strong>, as another process. Your socket has been the same since{' '}
          {timeOf(openSinceMs)}.
        </Banner>
      );
  }
};

interface BannerProps {
  readonly kind: 'good' | 'waiting' | 'bad';
  readonly button?: string;
  readonly onPress?: () => void;
  readonly children: ReactNode;
}

const Banner = ({ kind, button, onPress, children }: BannerProps) => (
  <div className="banner" data-kind={kind}>
    <p role="status">{children}</p>
    {button !== undefined && (
      <button type="button" className="button" onClick={onPress}>
        {button}
      </button>
    )}
  </div>
);

/** Not read out: a voice that counts would drown everything else. */
const Countdown = ({ text, seconds }: { readonly text: string; readonly seconds: number | undefined }) =>
  seconds !== undefined && <span aria-hidden="true">{`, ${text} in ${seconds} s`}</span>;

const stillConnected = (pending: number): string =>
  `You are still connected: write on, the broker keeps it${kept(pending)}.`;

const kept = (pending: number): string =>
  pending === 0 ? '' : pending === 1 ? ' (1 line waits)' : ` (${pending} lines wait)`;

const lostText = ({ state, closeCode, reason }: ClientStatus): string => {
  switch (state) {
    case 'closed':
      return `The broker has ended the connection (${closeCode}${reason ? `, ${reason}` : ''})`;
    case 'offline':
      return 'There is no network';
    case 'connecting':
      return 'Connecting again';
    default:
      return 'Not connected';
  }
};
