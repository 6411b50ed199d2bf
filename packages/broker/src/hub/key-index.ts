import { foldedValue, type JsonObject } from '@wsbroker/protocol';
import { type Listed, ListedSet } from './listed-set.ts';

/** A longer value is in no index: the text of a cookie is not what criteria ask for. */
const maxValueLength = 256;

/** A connection whose field lists more values is looked at one by one, rather than kept under each. */
const maxValues = 1_000;

/** Lower case is never shorter, so that what is too long need not be folded to be seen. */
const shortFolded = (value: unknown): string | undefined => {
  if (typeof value === 'string' && value.length > maxValueLength) return undefined;
  const folded = foldedValue(value);
  return folded === undefined || folded.length > maxValueLength ? undefined : folded;
};

const none: readonly string[] = [];

/** Whether an index can say who has one of these values. */
export const isIndexable = (wanted: ReadonlySet<string>): boolean => {
  for (const value of wanted) if (value.length > maxValueLength) return false;
  return true;
};

/** The folded values under which a connection is found, some perhaps twice; null when they are too many. */
export type FieldValues = readonly string[] | null;

/**
 * Which connections have which value in one field of their session.
 *
 * What a connection is kept under is not written down: as long as only commands change its session, it can be
 * read from the session itself. So a value costs one entry, and a user's own (an id) not even a set.
 */
export class KeyIndex {
  readonly #key: string;
  readonly #byValue = new Map<string, Listed | ListedSet>();
  readonly #crowded = new ListedSet();
  /** When criteria were last answered from it. */
  lastUsedMs: number;

  constructor(key: string, nowMs: number) {
    this.#key = key;
    this.lastUsedMs = nowMs;
  }

  /** How many values are kept. */
  get size(): number {
    return this.#byValue.size;
  }

  /** Connections whose lists are too long for the index. */
  get crowded(): ListedSet {
    return this.#crowded;
  }

  /** What the field of this session holds. */
  valuesIn(session: JsonObject): FieldValues {
    const field = Object.hasOwn(session, this.#key) ? session[this.#key] : undefined;
    if (!Array.isArray(field)) {
      const value = shortFolded(field);
      return value === undefined ? none : [value];
    }
    if (field.length > maxValues) return null;
    return field.map(shortFolded).filter((value) => value !== undefined);
  }

  add(listed: Listed): void {
    this.#add(listed, this.valuesIn(listed.connection.session));
  }

  delete(listed: Listed): void {
    this.#delete(listed, this.valuesIn(listed.connection.session));
  }

  /** The session of a connection has changed; that is what its field held before. */
  changed(listed: Listed, before: FieldValues): void {
    const after = this.valuesIn(listed.connection.session);
    if (!before || !after) {
      this.#delete(listed, before);
      this.#add(listed, after);
      return;
    }
    const kept = new Set(after);
    const had = new Set(before);
    for (const value of had) if (!kept.has(value)) this.#deleteUnder(value, listed);
    for (const value of kept) if (!had.has(value)) this.#addUnder(value, listed);
  }

  /** How many are found under these values, or more: who has two of them counts twice. */
  countOf(wanted: ReadonlySet<string>): number {
    let count = this.#crowded.size;
    for (const value of wanted) {
      const found = this.#byValue.get(value);
      if (found) count += found instanceof ListedSet ? found.size : 1;
    }
    return count;
  }

  /** Who is found under these values, in no order where the values are several, and each once. */
  under(wanted: ReadonlySet<string>): Listed[] {
    if (wanted.size === 1) for (const value of wanted) return this.#under(value);
    const found = new Set<Listed>();
    for (const value of wanted) for (const listed of this.#under(value)) found.add(listed);
    return [...found];
  }

  #add(listed: Listed, values: FieldValues): void {
    if (!values) this.#crowded.add(listed);
    else for (const value of values) this.#addUnder(value, listed);
  }

  #delete(listed: Listed, values: FieldValues): void {
    if (!values) this.#crowded.delete(listed);
    else for (const value of values) this.#deleteUnder(value, listed);
  }

  #under(value: string): Listed[] {
    const found = this.#byValue.get(value);
    if (!found) return [];
    return found instanceof ListedSet ? found.toArray() : [found];
  }

  #addUnder(value: string, listed: Listed): void {
    const found = this.#byValue.get(value);
    if (!found) this.#byValue.set(value, listed);
    else if (found instanceof ListedSet) found.add(listed);
    else if (found !== listed) {
      const several = new ListedSet();
      several.add(found);
      several.add(listed);
      this.#byValue.set(value, several);
    }
  }

  #deleteUnder(value: string, listed: Listed): void {
    const found = this.#byValue.get(value);
    if (found === listed) this.#byValue.delete(value);
    else if (found instanceof ListedSet) {
      found.delete(listed);
      if (found.size === 0) this.#byValue.delete(value);
    }
  }
}
