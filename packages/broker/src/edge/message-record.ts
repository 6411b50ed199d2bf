import type { ErrorCode } from '@wsbroker/protocol';
import type { Journal, JournalChange, StoredConnection, StoredEvent } from '../delivery/journal/journal.ts';
import type { Fate, QueuedEvent } from '../delivery/queued-event.ts';
import type { HubConnection } from '../hub/connection.ts';
import type { ReceiptsOwner } from './receipts.ts';

/** An event that has its number. */
export type NumberedEvent = Omit<StoredEvent, 'wskey' | 'happenedAtMs'>;

/** Why a message will not be processed. */
export interface Failure {
  readonly code: ErrorCode;
  readonly text: string;
}

/** Asks the backend whether the connection may be. */
export interface Authorization {
  /** The backend has answered with these commands, which are about to run. */
  answered(commands: readonly unknown[]): void;
  /** That is over: answered, or never to be. */
  ended(fate: Fate): void;
}

export const noReply: Failure = {
  code: 'no-reply',
  text: 'The backend processed the request and gave no reply',
};

/**
 * What one connection's messages became, on the way to the journal and back to the client.
 *
 * With a journal everything that the client is told comes after the commit that makes it true.
 */
export class MessageRecord {
  readonly #connection: HubConnection;
  readonly #owner: ReceiptsOwner;
  readonly #journal: Journal | undefined;
  /** `sessionInfo` as it is in the journal; empty before the connection is. */
  #storedSession = '';

  constructor(connection: HubConnection, owner: ReceiptsOwner, journal: Journal | undefined) {
    this.#connection = connection;
    this.#owner = owner;
    this.#journal = journal;
  }

  /** The connection as the journal is to keep it. */
  opening(stored: Omit<StoredConnection, 'wskey' | 'sessionInfo'>): JournalChange {
    this.#storedSession = this.#sessionJson();
    return { kind: 'open', wskey: this.#connection.wskey, sessionInfo: this.#storedSession, ...stored };
  }

  /** A former process has written this. */
  restore({ sessionInfo }: StoredConnection): void {
    this.#storedSession = sessionInfo;
  }

  /** Keeps `sessionInfo`, if it has changed. */
  keepSession(): void {
    const change = this.#sessionChange();
    if (change) this.write(change);
  }

  /** Nobody waits for these. */
  write(...changes: readonly JournalChange[]): void {
    this.#journal?.note(...changes);
  }

  /**
   * Takes charge of an event: it may be delivered once this is done.
   * @param changes To be written with it.
   */
  take(event: NumberedEvent, changes: readonly JournalChange[]): Promise<void> | undefined {
    const { message } = event;
    const taken = (): void => {
      if (message !== undefined) this.#owner.receipts.taken(message);
    };
    if (!this.#journal) {
      taken();
      return undefined;
    }
    const { wskey } = this.#connection;
    const stored: JournalChange = { kind: 'event', wskey, happenedAtMs: Date.now(), ...event };
    const session = changes[0]?.kind === 'open' ? undefined : this.#sessionChange();
    // The row of a connection comes before its first event, and goes after its last.
    const inOrder = changes[0]?.kind === 'end' ? [stored, ...changes] : [...changes, stored];
    return this.#journal.write(...(session ? [session] : []), ...inOrder).then(taken);
  }

  /** Ends what makes no event: something that was dealt with here, or that failed. */
  conclude(
    message: number | undefined,
    failure: Failure | undefined,
    changes: readonly JournalChange[] = [],
  ): void {
    const { wskey } = this.#connection;
    const all = [...changes];
    if (message !== undefined && this.#owner.receipts.isCounted) {
      all.push({ kind: 'received', wskey, received: message }, ...this.#failed(message, failure));
    }
    const told = (): void => {
      if (message === undefined) return;
      if (failure) this.#owner.receipts.failed(message, failure.code, failure.text);
      this.#owner.receipts.taken(message);
      if (!failure) this.#owner.receipts.delivered(message);
    };
    this.#writeThen(all, told);
  }

  /** The event as it waits to be delivered. */
  queued(event: NumberedEvent, authorization?: Authorization): QueuedEvent {
    const { number, type, json, request, reason } = event;
    let isReplied = false;
    const onReply = (message: unknown): void => {
      isReplied = true;
      this.#owner.receipts.reply(request ?? 0, message);
    };
    return {
      id: `${this.#connection.wskey}-${number}`,
      type,
      json,
      request,
      reason,
      isAuthorization: authorization !== undefined,
      onAnswer: authorization && ((commands) => authorization.answered(commands)),
      onReply: request === undefined ? undefined : onReply,
      onSettled: (fate) => {
        this.#settled(event, fate, request !== undefined && !isReplied);
        authorization?.ended(fate);
      },
    };
  }

  #settled({ number, message }: NumberedEvent, fate: Fate, lacksReply: boolean): void {
    if (fate.outcome === 'abandoned') return;
    const { wskey } = this.#connection;
    const isDead = fate.outcome === 'dead-letter';
    const failure = isDead
      ? { code: fate.code, text: `The backend did not process it: ${fate.reason}` }
      : lacksReply
        ? noReply
        : undefined;
    const change: JournalChange = isDead
      ? { kind: 'dead-letter', wskey, number, why: fate.reason }
      : { kind: 'delivered', wskey, number };
    // That it never will be is true once nobody would send it again; that it was delivered is true already.
    if (message !== undefined && failure) {
      const { code, text } = failure;
      const tell = (): void => this.#owner.receipts.failed(message, code, text);
      this.#writeThen([change, ...this.#failed(message, failure)], tell);
      return;
    }
    this.write(change);
    if (message !== undefined) this.#owner.receipts.delivered(message);
  }

  /** Tells once the changes are on disk; at once where there are none, or no journal. */
  #writeThen(changes: readonly JournalChange[], tell: () => void): void {
    if (this.#journal && changes.length > 0) void this.#journal.write(...changes).then(tell);
    else tell();
  }

  #failed(message: number | undefined, failure: Failure | undefined): JournalChange[] {
    if (message === undefined || !failure || !this.#owner.receipts.isCounted) return [];
    return [{ kind: 'failed', wskey: this.#connection.wskey, message, ...failure }];
  }

  #sessionJson(): string {
    try {
      return this.#connection.sessionText.json;
    } catch {
      // A handler has put something into it that JSON cannot hold; delivery says so.
      return this.#storedSession || '{}';
    }
  }

  #sessionChange(): JournalChange | undefined {
    if (!this.#journal || this.#storedSession === '') return undefined;
    const sessionInfo = this.#sessionJson();
    if (sessionInfo === this.#storedSession) return undefined;
    this.#storedSession = sessionInfo;
    return { kind: 'session', wskey: this.#connection.wskey, sessionInfo };
  }
}
