import * as z from 'zod';
import type { JsonObject } from './json.ts';

const criterionValueSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/**
 * The `match` or `except` of a command, compared with `sessionInfo`. Every key must match.
 *
 * Values are compared as strings without regard to case; a list means any of its values; `'*'` matches
 * any value and also a missing field, and a missing field matches nothing else. A `sessionInfo` field
 * that is a list matches when any of its values does. No keys match every connection.
 */
export const criteriaSchema = z.record(
  z.string(),
  z.union([criterionValueSchema, z.array(criterionValueSchema)]),
);
export type CriterionValue = z.infer<typeof criterionValueSchema>;
export type Criteria = z.infer<typeof criteriaSchema>;

const wildcard = '*';

/** How values are compared: as strings, without regard to case. */
const folded = (value: unknown): string => String(value).toLowerCase();

const isScalar = (value: unknown): boolean => value === null || typeof value !== 'object';

const fieldMatches = (field: unknown, wanted: ReadonlySet<string>): boolean => {
  if (field === undefined) return false;
  if (Array.isArray(field)) return field.some((item) => isScalar(item) && wanted.has(folded(item)));
  return isScalar(field) && wanted.has(folded(field));
};

/** Criteria made ready to be compared with many connections: folded once, wildcards dropped. */
export const compileCriteria = (criteria: Criteria): ((sessionInfo: JsonObject) => boolean) => {
  const wanted: [string, Set<string>][] = [];
  for (const key of Object.keys(criteria)) {
    const value = criteria[key];
    const values = new Set((Array.isArray(value) ? value : [value]).map(folded));
    if (!values.has(wildcard)) wanted.push([key, values]);
  }
  return (sessionInfo) =>
    wanted.every(
      ([key, values]) => Object.hasOwn(sessionInfo, key) && fieldMatches(sessionInfo[key], values),
    );
};

/** Whether a connection with this `sessionInfo` is meant. For one comparison; see {@link compileCriteria}. */
export const matches = (criteria: Criteria, sessionInfo: JsonObject): boolean =>
  compileCriteria(criteria)(sessionInfo);
