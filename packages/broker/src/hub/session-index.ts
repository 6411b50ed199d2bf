import type { FoldedCriteria } from '@wsbroker/protocol';
import { isIndexable, KeyIndex } from './key-index.ts';
import { inPlaceOrder, type Listed, ListedSet } from './listed-set.ts';
import type { SessionChange } from './session-change.ts';

export interface SessionIndexOptions {
  /** The index of a key that no criteria needed for so long is dropped. @default 60000 */
  readonly unusedMs?: number;
  /** So many keys are indexed at a time; further ones are answered by a look at each connection. @default 16 */
  readonly maxKeys?: number;
  /** With fewer connections a look at each is as good. @default 64 */
  readonly minConnections?: number;
  readonly nowMs?: () => number;
}

/** An index that finds at most so many, or a small part of all, needs no other beside it. */
const fewCandidates = 64;
const smallPart = 1 / 32;

/** Connections that may match. */
export interface Candidates {
  /** In the order of connecting. */
  readonly listed: readonly Listed[];
  /** They do match. */
  readonly isCertain: boolean;
}

/**
 * Finds connections by the fields of their sessions, so that what a `send` to a room costs grows with the room.
 *
 * The first criteria that name a key build the index of that key; it is kept up for as long as criteria use it.
 * A connection whose session the application may change unseen is in none of them: it is always a candidate.
 *
 * There is no timer: unused indexes are dropped at the next connect, leave, change or question. Until then they cost
 * nothing but what they hold.
 */
export class SessionIndex {
  readonly #all: ReadonlyMap<string, Listed>;
  readonly #byKey = new Map<string, KeyIndex>();
  readonly #shared = new ListedSet();
  readonly #unusedMs: number;
  readonly #maxKeys: number;
  readonly #minConnections: number;
  readonly #nowMs: () => number;

  constructor(all: ReadonlyMap<string, Listed>, options: SessionIndexOptions = {}) {
    this.#all = all;
    this.#unusedMs = options.unusedMs ?? 60_000;
    this.#maxKeys = options.maxKeys ?? 16;
    this.#minConnections = options.minConnections ?? 64;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** How many values are kept of each key that is indexed at this moment. */
  get values(): Record<string, number> {
    return Object.fromEntries([...this.#byKey].map(([key, { size }]) => [key, size]));
  }

  add(listed: Listed): void {
    if (listed.connection.isSessionShared) {
      this.#shared.add(listed);
      return;
    }
    if (this.#byKey.size === 0) return;
    this.#dropUnused();
    for (const index of this.#byKey.values()) index.add(listed);
  }

  delete(listed: Listed): void {
    if (listed.connection.isSessionShared) {
      this.#shared.delete(listed);
      return;
    }
    if (this.#byKey.size === 0) return;
    this.#dropUnused();
    for (const index of this.#byKey.values()) index.delete(listed);
  }

  /** To be called while the session still is as commands have left it. */
  share(listed: Listed): void {
    for (const index of this.#byKey.values()) index.delete(listed);
    this.#shared.add(listed);
  }

  /** Lets a command change a session. */
  change(listed: Listed, change: SessionChange, apply: () => void): void {
    this.#dropUnused();
    const { session, isSessionShared } = listed.connection;
    const indexes = isSessionShared ? [] : [...this.#byKey];
    const touched = indexes
      .filter(([key]) => isTouched(change, key))
      .map(([, index]) => ({ index, before: index.valuesIn(session) }));
    try {
      apply();
    } finally {
      // Also after half a change.
      for (const { index, before } of touched) index.changed(listed, before);
    }
  }

  /** Who may match these criteria; undefined when all may. */
  candidates(criteria: FoldedCriteria): Candidates | undefined {
    if (criteria.size === 0 || this.#all.size < this.#minConnections) return undefined;
    const nowMs = this.#dropUnused();
    const best = this.#best(criteria, nowMs);
    if (!best) return undefined;
    best.index.lastUsedMs = nowMs;
    const found = best.index.under(best.wanted);
    const uncertain = [...best.index.crowded.toArray(), ...this.#shared.toArray()];
    // One set is in order; several are, once they are sorted.
    const isSorted = best.wanted.size === 1 && uncertain.length === 0;
    return {
      listed: isSorted ? found : inPlaceOrder([...found, ...uncertain]),
      isCertain: criteria.size === 1 && uncertain.length === 0,
    };
  }

  /** The index that leaves the fewest, of those that there are or may be built. */
  #best(criteria: FoldedCriteria, nowMs: number): Choice | undefined {
    const few = Math.max(fewCandidates, this.#all.size * smallPart);
    let best: Choice | undefined;
    const missing: string[] = [];
    for (const [key, wanted] of criteria) {
      if (!isIndexable(wanted)) continue;
      const index = this.#byKey.get(key);
      if (index) best = better(best, { index, wanted });
      else missing.push(key);
    }
    if (best && best.index.countOf(best.wanted) <= few) return best;
    // One at a time, so that no turn of the event loop is long: the next question builds the next.
    const [key] = missing;
    const wanted = key === undefined ? undefined : criteria.get(key);
    const index = key === undefined ? undefined : this.#build(key, nowMs);
    if (index && wanted) best = better(best, { index, wanted });
    return best;
  }

  #build(key: string, nowMs: number): KeyIndex | undefined {
    if (this.#byKey.size >= this.#maxKeys) return undefined;
    const index = new KeyIndex(key, nowMs);
    for (const listed of this.#all.values()) if (!listed.connection.isSessionShared) index.add(listed);
    this.#byKey.set(key, index);
    return index;
  }

  /** The time, since it has been looked at. */
  #dropUnused(): number {
    const nowMs = this.#nowMs();
    for (const [key, index] of this.#byKey) {
      if (nowMs - index.lastUsedMs > this.#unusedMs) this.#byKey.delete(key);
    }
    return nowMs;
  }
}

interface Choice {
  readonly index: KeyIndex;
  readonly wanted: ReadonlySet<string>;
}

const better = (one: Choice | undefined, other: Choice): Choice =>
  one && one.index.countOf(one.wanted) <= other.index.countOf(other.wanted) ? one : other;

const isTouched = ({ data, add, remove }: SessionChange, key: string): boolean =>
  (data !== undefined && Object.hasOwn(data, key)) ||
  (add !== undefined && Object.hasOwn(add, key)) ||
  (remove !== undefined && Object.hasOwn(remove, key));
