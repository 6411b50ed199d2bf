import type { JournalChange } from './journal.ts';

/** Events of a connection that came and went: all that is left of them. */
interface PassedEvents {
  readonly wskey: string;
  lastEvent: number;
  received: number;
}

export interface NetChanges {
  readonly changes: readonly JournalChange[];
  readonly passed: Iterable<PassedEvents>;
}

/**
 * What a list of changes comes to: without the events that the same list delivers, which are nearly all of them.
 *
 * Of a connection that begins or ends in the list, or has a dead letter, everything stays: there the order of
 * events and of the rest matters.
 */
export const netOf = (changes: readonly JournalChange[]): NetChanges => {
  const whole = new Set<string>();
  for (const { kind, wskey } of changes) {
    if (kind === 'open' || kind === 'end' || kind === 'dead-letter') whole.add(wskey);
  }
  /** Ids of events that are delivered further on in the list. */
  const delivered = new Set<string>();
  const passed = new Map<string, PassedEvents>();
  const left: JournalChange[] = [];
  for (const change of changes.toReversed()) {
    const { kind, wskey } = change;
    if (kind === 'delivered') delivered.add(idOf(change));
    if (kind !== 'event' || whole.has(wskey) || !delivered.has(idOf(change))) {
      left.push(change);
      continue;
    }
    const { number, message = 0 } = change;
    const events = passed.get(wskey);
    if (events) {
      events.lastEvent = Math.max(events.lastEvent, number);
      events.received = Math.max(events.received, message);
    } else passed.set(wskey, { wskey, lastEvent: number, received: message });
  }
  return { changes: left.toReversed(), passed: passed.values() };
};

const idOf = ({ wskey, number }: { readonly wskey: string; readonly number: number }): string =>
  `${wskey}-${number}`;
