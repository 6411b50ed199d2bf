/** A connection as the journal keeps it: a row while it is open. */
export interface StoredConnection {
  readonly wskey: string;
  /** JSON. */
  readonly sessionInfo: string;
  /** Hashes of the tokens that resume it, newest first; none for a client that cannot resume. */
  readonly tokenHashes: readonly string[];
  /** A hash over what must be the same when it is resumed: origin and cookies. */
  readonly fingerprint: string;
  /** The number of the last event, of those that became ids. */
  readonly lastEvent: number;
  /** So many messages of the client have been taken charge of. */
  readonly received: number;
}

/** An event that is to be delivered. */
export interface StoredEvent {
  readonly wskey: string;
  /** Its number on the connection: the `n` of `<wskey>-<n>`. */
  readonly number: number;
  readonly type: string;
  readonly json: string;
  /** `Date.now()` when it happened. */
  readonly happenedAtMs: number;
  /** The client's message that it was made of, by count; none for `session-connect` and `-disconnect`. */
  readonly message?: number | undefined;
  readonly request?: number | undefined;
  readonly reason?: string | undefined;
}

/** A client's message that was not, or never will be, processed, as it is told to the client. */
export interface StoredFailure {
  readonly wskey: string;
  readonly message: number;
  readonly code: string;
  readonly text: string;
}

/** One change of the journal. Changes are committed in the order in which they were written. */
export type JournalChange =
  /** A connection was made. */
  | ({ readonly kind: 'open' } & StoredConnection)
  /** An event is to be delivered. Moves `lastEvent`, and `received` where it has a `message`, forward. */
  | ({ readonly kind: 'event' } & StoredEvent)
  /** A message was taken that makes no event: `received` moves forward. */
  | { readonly kind: 'received'; readonly wskey: string; readonly received: number }
  /** The event was delivered, and its commands have run. */
  | { readonly kind: 'delivered'; readonly wskey: string; readonly number: number }
  /** The event was given up: it moves to the dead letters. */
  | { readonly kind: 'dead-letter'; readonly wskey: string; readonly number: number; readonly why: string }
  /** A message failed; kept until the connection ends, for a client that missed being told. */
  | ({ readonly kind: 'failed' } & StoredFailure)
  | { readonly kind: 'session'; readonly wskey: string; readonly sessionInfo: string }
  | { readonly kind: 'tokens'; readonly wskey: string; readonly tokenHashes: readonly string[] }
  /**
   * The connection is no more: its failures go. Its row stays, marked as ended, until its last event is
   * delivered or given up, since events are delivered with its `sessionInfo`; without events it goes at once.
   */
  | { readonly kind: 'end'; readonly wskey: string };

/** A connection as it is found by a later process. */
export interface LeftConnection extends StoredConnection {
  /** It had ended; events of it are still to be delivered, and carry its `sessionInfo`. */
  readonly isEnded: boolean;
}

/** What a process finds that a former one has left. */
export interface JournalContent {
  readonly connections: readonly LeftConnection[];
  /** In the order in which they happened. */
  readonly events: readonly StoredEvent[];
  readonly failures: readonly StoredFailure[];
}

/** Where events and open connections are kept so that they outlive the process. */
export interface Journal {
  /** Reads what is there. To be called once, before anything is written. */
  load(): Promise<JournalContent>;
  /**
   * Writes changes, in one transaction with others that are written at the same time. Resolves when they are
   * on disk, and never rejects: while the disk is full it waits, and tries again.
   */
  write(...changes: readonly JournalChange[]): Promise<void>;
  /**
   * Writes changes that nobody waits for: they go with the next {@link write}, in order, or by themselves a few
   * milliseconds later. A crash in between undoes them.
   */
  note(...changes: readonly JournalChange[]): void;
  /** Nothing can be written now: no space, or an error of the disk. Reading from clients has to stop. */
  readonly isStuck: boolean;
  /** Runs when {@link isStuck} has changed. */
  onStuck: () => void;
  /** Writes what waits, as far as it can be written, and ends. */
  close(): Promise<void>;
}
