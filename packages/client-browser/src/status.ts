import type { MachineState, StateName } from './machine.ts';

/**
 * Where a client stands.
 *
 * - `idle`: `connect()` has not been called yet
 * - `connecting`: a socket is on its way
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
  /** In `waiting` and `offline`: when the next attempt comes, as `Date.now()` tells time. */
  readonly retryAtMs?: number;
  /** How the last socket ended, until the next one is open. 1006: without a word from the broker. */
  readonly closeCode?: number;
  /** What was said with it, by the broker or by this client. */
  readonly reason?: string;
}

export const statusOf = ({ name, failures, wakeAtMs, last }: MachineState, queued: number): ClientStatus =>
  Object.freeze({
    state: name,
    attempt: failures,
    queued,
    ...(wakeAtMs && name !== 'connecting' && { retryAtMs: wakeAtMs }),
    ...(last && { closeCode: last.code, reason: last.reason }),
  });
