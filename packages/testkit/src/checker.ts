import type { Downward, History, Numbered } from './history.ts';

/** Each fault in words, by kind. */
export interface Report {
  /** Acknowledged, and never at the backend. Downwards: sent, and never at the client. */
  readonly lost: readonly string[];
  /** At the backend under two ids, which no backend can tell from two messages. Downwards: twice at the client. */
  readonly repeated: readonly string[];
  /** After a later one of the same client, repeats left aside. Downwards: of the same cause, at the same client. */
  readonly reordered: readonly string[];
  /** Never sent. */
  readonly phantom: readonly string[];
  /** Under the connection of somebody else. Downwards: at another client. */
  readonly misdelivered: readonly string[];
  /** Connections without exactly one connect, and then exactly one disconnect. */
  readonly unpaired: readonly string[];
}

export type FaultKind = keyof Report;
export const faultKinds = [
  'lost',
  'repeated',
  'reordered',
  'phantom',
  'misdelivered',
  'unpaired',
] as const satisfies readonly FaultKind[];

/**
 * Judges a history in the style of Jepsen: what every side has seen must fit together.
 *
 * A repeat under the same `webhook-id` is no fault, since a backend that keeps ids removes it; another message
 * under an id that was there before is removed as well, and so is lost.
 */
export const check = (history: History): Report => {
  const up = checkUp(history);
  const down = checkDown(history);
  return {
    lost: [...up.lost, ...down.lost],
    repeated: [...up.repeated, ...down.repeated],
    reordered: [...up.reordered, ...down.reordered],
    phantom: [...up.phantom, ...down.phantom],
    misdelivered: [...up.misdelivered, ...down.misdelivered],
    unpaired: unpaired(history),
  };
};

/** All faults of a report, each with its kind: empty when there is none. */
export const faultsIn = (report: Report): string[] =>
  faultKinds.flatMap((kind) => report[kind].map((what) => `${kind}: ${what}`));

const checkUp = (history: History) => {
  const { lost, repeated, reordered, phantom, misdelivered } = empty();
  const sent = new Set(history.sent.map(keyOf));
  const ids = new Set<string>();
  const idOf = new Map<string, string>();
  const last = new Latest();
  for (const { id, client, n, connection } of history.arrivals) {
    if (ids.has(id)) continue;
    ids.add(id);
    const key = keyOf({ client, n });
    const what = `${key}, id ${id}`;
    const before = idOf.get(key);
    if (!sent.has(key)) phantom.push(what);
    else if (before !== undefined) repeated.push(`${what}, before ${before}`);
    else {
      idOf.set(key, id);
      const owner = history.ownerOf(connection);
      if (owner !== client) misdelivered.push(`${what}, under ${connection} of ${owner ?? 'nobody'}`);
      if (!last.advance(client, n)) reordered.push(`${what}, after ${last.of(client)}`);
    }
  }
  const failed = new Set(history.failed.map(keyOf));
  for (const key of new Set(history.acknowledged.map(keyOf))) {
    if (!idOf.has(key) && !failed.has(key)) lost.push(key);
  }
  return { lost, repeated, reordered, phantom, misdelivered };
};

const checkDown = (history: History) => {
  const { lost, repeated, reordered, phantom, misdelivered } = empty();
  const sent = new Set(history.sentDown.map(downKeyOf));
  const arrived = new Set<string>();
  const last = new Latest();
  for (const message of history.arrivedDown) {
    const { from, n, to, at } = message;
    const key = downKeyOf(message);
    const stream = `${from} to ${to}`;
    if (!sent.has(key)) phantom.push(`${key}, at ${at}`);
    else if (at !== to) misdelivered.push(`${key}, at ${at}`);
    else if (arrived.has(key)) {
      if (!history.isExcusedDown(to)) repeated.push(key);
    } else {
      arrived.add(key);
      if (!last.advance(stream, n)) reordered.push(`${key}, after ${last.of(stream)}`);
    }
  }
  for (const message of history.sentDown) {
    const key = downKeyOf(message);
    if (!arrived.has(key) && !history.isExcusedDown(message.to)) lost.push(key);
  }
  return { lost, repeated, reordered, phantom, misdelivered };
};

const unpaired = ({ connectionEvents }: History): string[] => {
  const faults: string[] = [];
  const ids = new Set<string>();
  const seen = new Map<string, string[]>();
  for (const { id, type, connection } of connectionEvents) {
    if (ids.has(id)) continue;
    ids.add(id);
    const events = seen.get(connection) ?? [];
    seen.set(connection, [...events, type.replace('session-', '')]);
  }
  for (const [connection, events] of seen) {
    if (events.join() !== 'connect,disconnect') faults.push(`${connection}: ${events.join(', ')}`);
  }
  return faults;
};

/** The highest number of each stream so far. */
class Latest {
  readonly #numbers = new Map<string, number>();

  of(stream: string): number {
    return this.#numbers.get(stream) ?? 0;
  }

  /** False when the number is below one that was there before. */
  advance(stream: string, n: number): boolean {
    if (n < this.of(stream)) return false;
    this.#numbers.set(stream, n);
    return true;
  }
}

const keyOf = ({ client, n }: Numbered): string => `${client} #${n}`;
const downKeyOf = ({ from, n, to }: Downward): string => `${from} #${n} to ${to}`;

const empty = () => ({
  lost: [] as string[],
  repeated: [] as string[],
  reordered: [] as string[],
  phantom: [] as string[],
  misdelivered: [] as string[],
});
