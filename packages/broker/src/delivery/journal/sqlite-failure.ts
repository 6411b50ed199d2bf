import { reasonOf } from '../../ops/reason.ts';
import { UnusableFileError } from './unusable-file-error.ts';
import type { CommitFailure } from './worker-message.ts';

/** Primary result codes of SQLite. */
const codes = {
  busy: 5,
  locked: 6,
  corrupt: 11,
  full: 13,
  tooBig: 18,
  constraint: 19,
  mismatch: 20,
  range: 25,
  notADatabase: 26,
};

const lastingCodes: readonly number[] = [codes.tooBig, codes.constraint, codes.mismatch, codes.range];

/** SQLite's code of an error that `node:sqlite` threw. */
const codeOf = (error: unknown): number | undefined => {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'errcode') : undefined;
  // The higher bits say more, of the same.
  return typeof code === 'number' ? code & 0xff : undefined;
};

/** What is to be known of a commit that failed. */
export const commitFailureOf = (error: unknown): CommitFailure => {
  const code = codeOf(error);
  const isFull = code === codes.full;
  return {
    // SQLite does not tell the one from the other.
    text: isFull ? 'it has reached maxJournalBytes, or the disk is full' : reasonOf(error),
    isFull,
    isLasting: code === undefined || lastingCodes.includes(code),
  };
};

/** Why a file could not be opened or read, to follow `The journal "…" cannot be used: `. */
export const whyUnusable = (error: unknown): string => {
  if (error instanceof UnusableFileError) return error.message;
  switch (codeOf(error)) {
    case codes.busy:
    case codes.locked:
      return 'it is in use by another broker; each broker needs a journal of its own';
    case codes.notADatabase:
      return 'it is not a journal, but a file of another kind; name a file that does not exist yet';
    case codes.corrupt:
      return `it is damaged (${reasonOf(error)}); move it away to begin with an empty one`;
    default:
      return `${reasonOf(error)}; its folder must exist, and the broker must be allowed to write there`;
  }
};
