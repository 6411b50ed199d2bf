import type { JournalChange } from './journal.ts';
import type { EncodedChanges } from './worker-message.ts';

/** Of events, in characters. The thread would not put more into its log at once. */
const maxLength = 500_000;

/** Changes as they go to the thread. */
export const encodeChanges = (changes: readonly JournalChange[]): EncodedChanges => {
  let length = 0;
  for (const change of changes) {
    if (change.kind === 'event') length += change.json.length;
    else if (change.kind === 'open' || change.kind === 'session') length += change.sessionInfo.length;
    if (length > maxLength) return changes;
  }
  return JSON.stringify(changes);
};
