'use client';

import type { ContractDefinition } from '@wsbroker/protocol';
import {
  useEffect,
  useInsertionEffect,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import type { Client, ReceivedMessage, ReceivedType } from './client.ts';
import { createClient } from './create-client.ts';
import { initialState } from './machine.ts';
import type { ClientOptions } from './options.ts';
import type { Sent, SentState } from './sent.ts';
import { type ClientStatus, statusOf } from './status.ts';

/** Before effects of children, so that they can send. On a server neither runs, and React 18 warns of one. */
const useEarlyEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect;

/**
 * A client that lives as long as the component: connected once that is mounted, closed when it is gone.
 *
 * The options of the first rendering count. On a server nothing connects. The double mounting of strict mode
 * makes one socket only.
 *
 * @example
 * const client = useClient<typeof contract>({ url: '/ws' });
 */
export const useClient = <C extends ContractDefinition = ContractDefinition>(
  options: Omit<ClientOptions<C>, 'autoConnect'>,
): Client<C> => {
  const [client] = useState(() => createClient<C>({ ...options, autoConnect: false }));
  const closing = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEarlyEffect(() => {
    clearTimeout(closing.current);
    client.connect();
    return () => {
      // Not at once: what is mounted again in the same turn goes on, and children can still send a farewell.
      closing.current = setTimeout(() => client.close());
    };
  }, [client]);
  return client;
};

const serverStatus = statusOf(initialState, { queued: 0, unsettled: 0, backend: 'up' });

/**
 * Where the client stands. Renders again when that changes; with `select`, when what it selects does: the whole
 * changes with each message, since messages are counted. It must give a primitive, or the same object again.
 *
 * @example
 * const { queued, unsettled } = useStatus(client);
 * const state = useStatus(client, (status) => status.state);
 */
export const useStatus = <T = ClientStatus>(
  client: Pick<Client, 'status' | 'subscribe'>,
  select = (status: ClientStatus): T => status as T,
): T =>
  useSyncExternalStore(
    client.subscribe,
    () => select(client.status),
    () => select(serverStatus),
  );

const neverChanges = () => (): void => undefined;

/**
 * How far a message has come, for a tick beside it; undefined without a message. Renders again when that changes.
 *
 * @example
 * const state = useSent(line.sent);
 */
export const useSent = (sent: Pick<Sent, 'state' | 'subscribe'> | undefined): SentState | undefined => {
  const state = () => sent?.state;
  return useSyncExternalStore(sent?.subscribe ?? neverChanges, state, state);
};

/**
 * Calls the listener for each message of a type, `*` for all, while the component is mounted. It is always the
 * listener of the latest rendering, so it may use state and need not be memoized.
 *
 * @example
 * useMessage(client, 'said', (message) => setLines((lines) => [...lines, message.text]));
 */
export const useMessage = <C extends ContractDefinition, const T extends ReceivedType<C>>(
  client: Client<C>,
  type: T,
  listener: (message: ReceivedMessage<C, T>) => void,
): void => {
  const latest = useRef(listener);
  useInsertionEffect(() => {
    latest.current = listener;
  });
  useEffect(() => client.on(type, (message) => latest.current(message)), [client, type]);
};

/** Options of {@link useMessages}. */
export interface UseMessagesOptions {
  /** How many are kept; older ones are dropped. @default 100 */
  readonly limit?: number | undefined;
}

interface Kept<C extends ContractDefinition, T extends ReceivedType<C>> {
  readonly client: Client<C>;
  readonly type: T;
  readonly messages: readonly ReceivedMessage<C, T>[];
}

/** One for all, so that an empty list is the same at each rendering. */
const noMessages: readonly never[] = Object.freeze([]);

/**
 * The latest messages of a type, `*` for all, since the component was mounted; the oldest first. Another
 * client or type starts an empty list.
 *
 * @example
 * const said = useMessages(client, 'said', { limit: 50 });
 */
export const useMessages = <C extends ContractDefinition, const T extends ReceivedType<C>>(
  client: Client<C>,
  type: T,
  { limit = 100 }: UseMessagesOptions = {},
): readonly ReceivedMessage<C, T>[] => {
  const none: Kept<C, T> = { client, type, messages: noMessages };
  const [kept, setKept] = useState(none);
  const ofNow = (then: Kept<C, T>) => (then.client === client && then.type === type ? then : none);
  useMessage(client, type, (message) =>
    setKept((then) => ({ client, type, messages: [...ofNow(then).messages, message].slice(-limit) })),
  );
  return ofNow(kept).messages;
};
