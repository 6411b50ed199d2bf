import type { JournalChange, JournalContent } from './journal.ts';

/** What the broker's thread asks of the worker. */
export type ToWorker =
  /** Changes of one turn, and the number of the batch. */
  | { readonly kind: 'write'; readonly batch: number; readonly changes: readonly JournalChange[] }
  | { readonly kind: 'close' };

/** What the worker tells. */
export type FromWorker =
  | { readonly kind: 'opened'; readonly content: JournalContent }
  /** The file cannot be the journal. */
  | { readonly kind: 'refused'; readonly text: string }
  /** All batches up to this one are on disk, since then (`process.hrtime`). */
  | { readonly kind: 'committed'; readonly batch: number; readonly atNs: bigint }
  /** Nothing can be written; the worker tries again by itself. */
  | { readonly kind: 'stuck'; readonly reason: string }
  | { readonly kind: 'unstuck' }
  | { readonly kind: 'closed' };
