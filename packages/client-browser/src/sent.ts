import type { ErrorCode } from '@wsbroker/protocol';
import { ClientError, type ClientErrorCode } from './client-error.ts';
import { type ErrorSink, Listeners } from './listeners.ts';
import type { Encoded } from './plain-wire.ts';

/**
 * How far a message has come.
 *
 * - `queued`: it waits for a socket
 * - `sent`: written into one. On the plain wire it comes no further
 * - `acknowledged`: the broker has taken charge of it; with a journal, it is on disk
 * - `delivered`: the backend has processed it
 * - `failed`: it never will, or nobody can know
 */
export type SentState = 'queued' | 'sent' | 'acknowledged' | 'delivered' | 'failed';

/**
 * Why a message failed: the broker's code, or one of the client's own.
 *
 * - `connection-lost`: acknowledged on a connection that could not be resumed: nobody knows what became of it
 * - `closed`: the client was closed before it was settled
 * - `timeout`, `aborted`: a request given up before it was sent
 * - `no-requests`: a request on the plain wire
 */
export type FailureCode = ErrorCode | 'connection-lost' | 'closed' | 'timeout' | 'aborted' | 'no-requests';

/** What became of a message. `unknown`: written to a broker of the plain wire, which does not say. */
export type Settled =
  | { readonly outcome: 'delivered' | 'unknown' }
  | { readonly outcome: 'failed'; readonly code: FailureCode; readonly text: string };

/**
 * A message on its way. Whoever does not care may forget it: when neither `settled` nor `subscribe` was used, a
 * failure goes to those who listen to `broker-error`, or to `onError`.
 */
export interface Sent {
  /** Rises with each message of this client. */
  readonly id: number;
  readonly state: SentState;
  /** Resolves once, and never rejects. */
  readonly settled: Promise<Settled>;
  /** Calls the listener now and whenever `state` has changed. Returns its undo. */
  readonly subscribe: (listener: (state: SentState) => void) => () => void;
}

/** Codes of a failure that are codes of errors as well; any other is the broker's word. */
const ownCodes = /^(closed|connection-lost|no-requests|timeout|aborted)$/;

/** A failure of the client's own, for those who catch it; none for what the broker said. */
export const ownFailure = (code: FailureCode, text: string): ClientError | undefined =>
  ownCodes.test(code) ? new ClientError(code as ClientErrorCode, text) : undefined;

/** Whom a message tells. */
export interface SentOwner {
  /** Of what a listener threw. */
  readonly onError: ErrorSink;
  /** Of a failure that nobody else would learn of. */
  readonly onUnheard: (code: FailureCode, text: string) => void;
}

/** What a message is made of. */
export interface SentInit extends SentOptions {
  readonly id: number;
  /** As it goes out. */
  readonly frame: Encoded;
}

export interface SentOptions {
  /** One of `firstMessages`, which only the connection that it was made for needs to hear. */
  readonly isFirst?: boolean;
  /** Of a request: takes the answer. */
  readonly onReply?: (reply: unknown) => void;
}

/** A message from `send` to its end, over any number of sockets. */
export class SentMessage implements Sent {
  readonly id: number;
  state: SentState = 'queued';
  /** What became of it, once that is known. */
  outcome: Settled | undefined;
  readonly init: SentInit;
  readonly #owner: SentOwner;
  readonly #listeners: Listeners<void>;
  readonly #settled: Promise<Settled>;
  #resolve!: (settled: Settled) => void;
  /** Whether anybody would learn of a failure: of a request, whoever waits for the reply. */
  #isWatched: boolean;

  constructor(init: SentInit, owner: SentOwner) {
    this.id = init.id;
    this.init = init;
    this.#isWatched = !!init.onReply;
    this.#owner = owner;
    this.#listeners = new Listeners(owner.onError);
    this.#settled = new Promise((resolve) => (this.#resolve = resolve));
  }

  get settled(): Promise<Settled> {
    this.#isWatched = true;
    return this.#settled;
  }

  readonly subscribe = (listener: (state: SentState) => void): (() => void) => {
    this.#isWatched = true;
    return this.#listeners.follow(() => listener(this.state));
  };

  /** What is settled stays as it is, though it may be sent again to keep the numbers of the others. */
  move(state: SentState): void {
    if (this.outcome || this.state === state) return;
    this.state = state;
    this.#listeners.emit();
  }

  settle(outcome: Settled): void {
    this.move(outcome.outcome === 'unknown' ? 'sent' : outcome.outcome);
    this.outcome = outcome;
    this.#resolve(outcome);
    // Otherwise it would be lost in silence. A close is no surprise to whoever closed.
    if (outcome.outcome === 'failed' && outcome.code !== 'closed' && !this.#isWatched) {
      this.#owner.onUnheard(outcome.code, outcome.text);
    }
  }
}
