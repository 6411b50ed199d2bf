import * as z from 'zod';
import type { JsonObject } from './json.ts';

const criterionValueSchema = z.union(
  [z.string(), z.number(), z.boolean(), z.null()],
  'Expected a string, a number, a boolean or null',
);

/**
 * The `match` or `except` of a command, compared with `sessionInfo`. Every key must match.
 *
 * Values are compared as strings without regard to case; a list means any of its values; `'*'` matches
 * any value and also a missing field, and a missing field matches nothing else. A `sessionInfo` field
 * that is a list matches when any of its values does. No keys match every connection.
 */
export const criteriaSchema = z.record(
  z.string(),
  z.union(
    [criterionValueSchema, z.array(criterionValueSchema)],
    'Expected a string, a number, a boolean, null, or a list of these',
  ),
  'Expected an object of criteria, such as {"room":"lobby"}',
);
export type CriterionValue = z.infer<typeof criterionValueSchema>;
export type Criteria = z.infer<typeof criteriaSchema>;

const wildcard = '*';

/** How a value is compared: as a string, without regard to case. Undefined for what criteria cannot have. */
export const foldedValue = (value: unknown): string | undefined => {
  switch (typeof value) {
    case 'string':
      return value.toLowerCase();
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value).toLowerCase();
    default:
      return value === null ? 'null' : undefined;
  }
};

/** Criteria made ready to be compared with many connections: the folded values wanted of each key. */
export type FoldedCriteria = ReadonlyMap<string, ReadonlySet<string>>;

const isWanted = (wanted: ReadonlySet<string>, value: unknown): boolean => {
  const folded = foldedValue(value);
  return folded !== undefined && wanted.has(folded);
};

/**
 * Folds criteria once; a key with a wildcard is left out, since it matches anything.
 *
 * Takes also criteria that no schema has seen, such as those of an application's own call:
 * a value that criteria cannot have (an object, `undefined`) matches no connection, rather than all.
 */
export const foldCriteria = (criteria: Criteria): FoldedCriteria => {
  const folded = new Map<string, ReadonlySet<string>>();
  for (const key of Object.keys(criteria)) {
    const value: unknown = criteria[key];
    const values = new Set<string>();
    for (const item of Array.isArray(value) ? value : [value]) {
      const wanted = foldedValue(item);
      if (wanted !== undefined) values.add(wanted);
    }
    if (!values.has(wildcard)) folded.set(key, values);
  }
  return folded;
};

/** As {@link matches}, with criteria that were folded once. */
export const matchesFolded = (criteria: FoldedCriteria, sessionInfo: JsonObject): boolean => {
  for (const [key, wanted] of criteria) {
    // Own fields only: `constructor` and `__proto__` are names like any other, and no connection inherits them.
    if (!Object.hasOwn(sessionInfo, key)) return false;
    const field = sessionInfo[key];
    const isMatch = Array.isArray(field)
      ? field.some((item) => isWanted(wanted, item))
      : isWanted(wanted, field);
    if (!isMatch) return false;
  }
  return true;
};

/** Criteria as a test of one `sessionInfo`; see {@link foldCriteria}. */
export const compileCriteria = (criteria: Criteria): ((sessionInfo: JsonObject) => boolean) => {
  const folded = foldCriteria(criteria);
  return (sessionInfo) => matchesFolded(folded, sessionInfo);
};

/** Whether a connection with this `sessionInfo` is meant. For one comparison; see {@link compileCriteria}. */
export const matches = (criteria: Criteria, sessionInfo: JsonObject): boolean =>
  compileCriteria(criteria)(sessionInfo);
