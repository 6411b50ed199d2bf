/** What the gate remembers of a connection. */
export interface Lane {
  readonly number: number;
  /** How its last request went: it was answered soon, late, or not at all. */
  pace: 'quick' | 'slow' | 'hung';
}

/** Why there is no permission: the gate was stopped, or the event grew too old while the backend was down. */
export type NoPass = 'stopped' | 'too-old';

/** An event that waits for permission to be sent. */
export interface Turn {
  readonly lane: Lane;
  /** There was an attempt before: it goes first. */
  readonly isTried: boolean;
  /** It shares no request with others: a backend has had it before, and they might fail with it. */
  readonly isAlone: boolean;
  /** Then it is too old. */
  readonly untilMs: number;
  /**
   * Encodes what is sent, as it is now, and gives its bytes. Runs again where the turn did not come after all.
   * Must not throw.
   */
  encode(): number;
  /** There will be no permission. */
  deny(why: NoPass): void;
}
