import type { JournalChange, JournalContent } from './journal.ts';

/** What the journal's thread is started with. */
export interface JournalFileOptions {
  readonly file: string;
  readonly maxBytes: number;
  readonly maxDeadLetters: number;
}

/**
 * How much of the journal changes may fill: a little is kept for ends of connections, which make room once their
 * last events are delivered, and a little more for what becomes of events, which makes room at once.
 */
export type Purpose = 'any' | 'end' | 'settle';

/** Changes that are committed in one transaction. */
export interface ChangeGroup {
  readonly changes: readonly JournalChange[];
  readonly purpose: Purpose;
}

/**
 * Changes on their way to the thread: as JSON, which costs a fraction of what a copy of the objects does and is what
 * the thread stores; or, where there are so many that one string could not hold them, as they are.
 */
export type EncodedChanges = string | readonly JournalChange[];

/** Why a group was not committed. Nothing of it was. */
export interface CommitFailure {
  readonly text: string;
  /** There is no room: fewer changes may fit, and changes that make room help. */
  readonly isFull: boolean;
  /** Not the disk's fault: the same changes fail again, whenever they are tried. */
  readonly isLasting: boolean;
}

/** To the journal's thread. */
export type ToWorker =
  | { readonly kind: 'write'; readonly changes: EncodedChanges; readonly purpose: Purpose }
  | { readonly kind: 'load' }
  | { readonly kind: 'close' };

/** From the journal's thread; one answer for each message, in order, and first of all `opened` or `unusable`. */
export type FromWorker =
  | { readonly kind: 'opened' }
  /** The file cannot be used, for this reason: nothing more is done. */
  | { readonly kind: 'unusable'; readonly text: string }
  | { readonly kind: 'loaded'; readonly content: JournalContent }
  /** `process.hrtime.bigint()` right after the commit. */
  | { readonly kind: 'committed'; readonly atNs: bigint }
  | ({ readonly kind: 'failed' } & CommitFailure);
