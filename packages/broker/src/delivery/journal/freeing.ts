import type { JournalChange } from './journal.ts';

type Changes = readonly JournalChange[];

/**
 * Of writes that wait while there is no room: the changes of each that make room, and the others.
 *
 * Events that are delivered make room, but wait behind those that found none. What goes ahead must leave the
 * journal as true as before, at every moment: it may pass events and counts of its connection, since nothing in it
 * tells of them; an end passes nothing of its connection. Nothing goes ahead where nothing makes room.
 * @param purpose What makes room at once, or also ends of connections, which need some first.
 */
export const splitFreeing = (
  writes: readonly Changes[],
  purpose: 'settle' | 'end',
): { ahead: Changes[]; rest: Changes[] } => {
  /** Connections of which something stays behind, and those that are not there before that. */
  const blocked = new Set<string>();
  const unborn = new Set<string>();
  const ahead: JournalChange[][] = [];
  const rest: JournalChange[][] = [];
  let makesRoom = false;
  for (const changes of writes) {
    const settlesEvent = changes.some(({ kind }) => kind === 'delivered' || kind === 'dead-letter');
    const first: JournalChange[] = [];
    const later: JournalChange[] = [];
    for (const change of changes) {
      const { wskey, kind } = change;
      const mayEnd = purpose === 'end' && !blocked.has(wskey);
      if (!unborn.has(wskey) && goesAhead(change, mayEnd, settlesEvent)) {
        first.push(change);
        makesRoom ||= kind === 'end' || kind === 'delivered' || kind === 'dead-letter';
        continue;
      }
      later.push(change);
      blocked.add(wskey);
      if (kind === 'open') unborn.add(wskey);
    }
    ahead.push(first);
    rest.push(later);
  }
  return makesRoom ? { ahead, rest } : { ahead: writes.map(() => []), rest: [...writes] };
};

const goesAhead = (change: JournalChange, mayEnd: boolean, settlesEvent: boolean): boolean => {
  switch (change.kind) {
    case 'delivered':
    case 'dead-letter':
    case 'session':
    case 'tokens':
      return true;
    case 'failed':
      // Of a refused message it belongs to the count that stays behind.
      return settlesEvent;
    case 'event':
      // The last event of a connection, without which it could not end.
      return change.message === undefined && mayEnd;
    case 'end':
      return mayEnd;
    case 'open':
    case 'received':
      return false;
  }
};
