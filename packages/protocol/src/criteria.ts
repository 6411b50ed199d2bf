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

type Scalar = CriterionValue | bigint;

const isScalar = (value: unknown): value is Scalar =>
  value === null || ['string', 'number', 'boolean', 'bigint'].includes(typeof value);

/** How values are compared: as strings, without regard to case. */
const folded = (value: Scalar): string => String(value).toLowerCase();

const fieldMatches = (field: unknown, wanted: ReadonlySet<string>): boolean => {
  if (Array.isArray(field)) return field.some((item) => isScalar(item) && wanted.has(folded(item)));
  return isScalar(field) && wanted.has(folded(field));
};

/**
 * Criteria made ready to be compared with many connections: folded once, wildcards dropped.
 *
 * Takes also criteria that no schema has seen, such as those of an application's own call:
 * a value that criteria cannot have (an object, `undefined`) matches no connection, rather than all.
 */
export const compileCriteria = (criteria: Criteria): ((sessionInfo: JsonObject) => boolean) => {
  const wanted: [string, ReadonlySet<string>][] = [];
  for (const key of Object.keys(criteria)) {
    const value: unknown = criteria[key];
    const values = new Set((Array.isArray(value) ? value : [value]).filter(isScalar).map(folded));
    if (!values.has(wildcard)) wanted.push([key, values]);
  }
  // Own fields only: `constructor` and `__proto__` are names like any other, and no connection inherits them.
  return (sessionInfo) =>
    wanted.every(
      ([key, values]) => Object.hasOwn(sessionInfo, key) && fieldMatches(sessionInfo[key], values),
    );
};

/** Whether a connection with this `sessionInfo` is meant. For one comparison; see {@link compileCriteria}. */
export const matches = (criteria: Criteria, sessionInfo: JsonObject): boolean =>
  compileCriteria(criteria)(sessionInfo);
