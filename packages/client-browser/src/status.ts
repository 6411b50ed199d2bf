import type { MachineState, StateName } from './machine.ts';

/**
 * Where a client stands.
 *
 * - `idle`: `connect()` has not been called yet
 * - `connecting`: a socket is on its way, or open and not yet welcomed by the broker
 * - `open`: messages flow
 * - `waiting`: between two attempts
 * - `offline`: the same, and the browser says that there is no network
 * - `suspended`: the page was left, and lies in the back-forward cache until it is shown again
 * - `closed`: ended, by `close()` or by the broker; `connect()` starts anew
 */
export type ClientState = StateName;

/** A snapshot: never changed, only replaced, so that it can be compared with `===`. */
export interface ClientStatus {
  readonly state: ClientState;
  /** Sockets lost in a row; 0 while all is well. */
  readonly attempt: number;
  /** Messages that wait for a socket. When closed: those that were not sent and will not be. */
  readonly queued: number;
  /** Messages that were taken by `send` or `request` and have no outcome yet, the queued ones among them. */
  readonly unsettled: number;
  /** Whether the backend takes events, as far as the broker has said: messages wait at the broker while it is down. */
  readonly backend: 'up' | 'down';
  /** The connection's `wskey`, as the backend knows it: while open, and not on the plain wire. */
  readonly connection?: string;
  /** In `waiting` and `offline`: when the next attempt comes, as `Date.now()` tells time. */
  readonly retryAtMs?: number;
  /** How the last socket ended, until the next one is open. 1006: without a word from the broker. */
  readonly closeCode?: number;
  /** What was said with it, by the broker or by this client. */
  readonly reason?: string;
}

/** What comes from elsewhere than the state machine. */
export interface StatusFacts extends Pick<ClientStatus, 'queued' | 'unsettled' | 'backend'> {
  readonly wskey?: string | undefined;
}

export const statusOf = (
  { name, failures, wakeAtMs, last }: MachineState,
  { wskey, ...facts }: StatusFacts,
): ClientStatus =>
  Object.freeze({
    state: name,
    attempt: failures,
    ...facts,
    ...(wskey && name === 'open' && { connection: wskey }),
    ...(wakeAtMs && name !== 'connecting' && { retryAtMs: wakeAtMs }),
    ...(last && { closeCode: last.code, reason: last.reason }),
  });
