import type { ClientStatus } from '@wsbroker/client-browser';
import { useStatus } from '@wsbroker/client-browser/react';
import { type ReactNode, useSyncExternalStore } from 'react';
import { backendStateOf } from './backend-state.ts';
import type { ChatClient } from './chat.ts';
import { timeOf } from './clock.ts';
import type { ProcessWatch } from './process-watch.ts';
import { useGoodNews } from './use-good-news.ts';
import { useOpenSince } from './use-open-since.ts';
import { useSecondsUntil } from './use-seconds-until.ts';

export interface AwayBannerProps {
  readonly client: ChatClient;
  readonly processes: ProcessWatch;
  /** How many lines of one's own wait. */
  readonly waiting: number;
}

/** Says what is missing, what becomes of what one writes meanwhile, and when it is over. */
export const AwayBanner = (props: AwayBannerProps) => {
  const socket = useStatus(props.client);
  const watched = useSyncExternalStore(props.processes.subscribe, props.processes.getStatus);
  const openSinceMs = useOpenSince(props.client);
  const backend = backendStateOf(socket, watched);
  const isOpen = socket.state === 'open';
  const isSocketBack = useGoodNews(!isOpen && socket.attempt > 0);
  const isBackendBack = useGoodNews(isOpen && backend !== 'up');

  if (!isOpen) return <LostBanner {...props} />;
  if (backend !== 'up') return <BackendBanner {...props} isStarting={backend === 'starting'} />;
  if (isSocketBack) {
    return (
      <Banner kind="good">
        <strong>Connected again.</strong> What you wrote is on its way, and what the others said is here.
      </Banner>
    );
  }
  if (!isBackendBack || openSinceMs === undefined) return null;
  return (
    <Banner kind="good">
      <strong>The backend is back</strong>, as another process. Your socket has been the same since{' '}
      {timeOf(openSinceMs)}.
    </Banner>
  );
};

/** There is no backend, or none that answers. */
const BackendBanner = ({
  processes,
  waiting,
  isStarting,
}: AwayBannerProps & { readonly isStarting: boolean }) => {
  const watched = useSyncExternalStore(processes.subscribe, processes.getStatus);
  const seconds = useSecondsUntil(watched?.returnsAtMs.backend);
  const where = `Your messages wait in the broker${counted(waiting)}, and everybody stays connected.`;
  if (isStarting) {
    return (
      <Banner kind="waiting">
        <strong>The backend is starting.</strong> {where}
      </Banner>
    );
  }
  const start = (): void => void processes.order('restart-backend').catch(() => {});
  const button = watched?.backend.state === 'stopped' ? { button: 'Start it now', onPress: start } : {};
  return (
    <Banner kind="waiting" {...button}>
      <strong>
        The backend is away
        <Countdown text="back" seconds={seconds} />.
      </strong>{' '}
      {where}
    </Banner>
  );
};

/** There is no socket. */
const LostBanner = ({ client, processes, waiting }: AwayBannerProps) => {
  const socket = useStatus(client);
  const watched = useSyncExternalStore(processes.subscribe, processes.getStatus);
  const isKilled = watched?.broker.state === 'stopped';
  const seconds = useSecondsUntil(isKilled ? watched.returnsAtMs.broker : socket.retryAtMs);
  // For the blink of an eye that it takes to connect at first, there is nothing to say.
  if (socket.state === 'connecting' && socket.attempt === 0) return null;
  const where = `Your messages wait in this tab${counted(waiting)}.`;
  if (isKilled) {
    return (
      <Banner
        kind="bad"
        button="Start it now"
        onPress={() => void processes.order('restart-broker').catch(() => {})}
      >
        <strong>
          The broker is away
          <Countdown text="back" seconds={seconds} />.
        </strong>{' '}
        {where}
      </Banner>
    );
  }
  return (
    <Banner kind="bad" button="Try now" onPress={() => client.connect()}>
      <strong>
        {lostText(socket)}
        <Countdown text="trying again" seconds={seconds} />.
      </strong>{' '}
      {where}
    </Banner>
  );
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

const counted = (lines: number): string =>
  lines === 0 ? '' : lines === 1 ? ' (1 line waits)' : ` (${lines} lines wait)`;

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
