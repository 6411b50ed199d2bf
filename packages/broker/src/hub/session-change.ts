import { isJsonObject, type JsonObject, reservedSessionFields } from '@wsbroker/protocol';

/** A change of `sessionInfo`: first `data` is merged, then `remove`, then `add`. */
export interface SessionChange {
  readonly data?: JsonObject | undefined;
  readonly add?: JsonObject | undefined;
  readonly remove?: JsonObject | undefined;
}

/** Own keys that are safe to assign: `__proto__` would change the object's prototype, not a field. */
const safeEntries = (fields: JsonObject): [string, unknown][] =>
  Object.entries(fields).filter(([key]) => key !== '__proto__');

/** Objects field by field, anything else replaced; `undefined` (which JSON has not) changes nothing. */
const merge = (target: JsonObject, fields: JsonObject): void => {
  for (const [key, value] of safeEntries(fields)) {
    if (value === undefined) continue;
    if (!isJsonObject(value)) {
      target[key] = value;
      continue;
    }
    const current = Object.hasOwn(target, key) ? target[key] : undefined;
    // A copy, so that connections that are sent the same change share nothing.
    const merged: JsonObject = isJsonObject(current) ? { ...current } : {};
    merge(merged, value);
    target[key] = merged;
  }
};

const asList = (value: unknown): unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as unknown[]) : [value];

const listOf = (sessionInfo: JsonObject, key: string): unknown[] =>
  Object.hasOwn(sessionInfo, key) ? asList(sessionInfo[key]) : [];

export const applySessionChange = (sessionInfo: JsonObject, change: SessionChange): void => {
  if (change.data) merge(sessionInfo, change.data);
  for (const [key, values] of safeEntries(change.remove ?? {})) {
    if (!Object.hasOwn(sessionInfo, key)) continue;
    const gone = new Set(asList(values));
    sessionInfo[key] = listOf(sessionInfo, key).filter((value) => !gone.has(value));
  }
  for (const [key, values] of safeEntries(change.add ?? {})) {
    sessionInfo[key] = [...new Set([...listOf(sessionInfo, key), ...asList(values)])];
  }
};

/**
 * The reserved field that a change would alter, if any. A backend that sends back the whole
 * `connection` it got, unchanged `ip` and `wskey` included, alters nothing.
 */
export const alteredReservedField = (
  change: SessionChange,
  sessionInfo: JsonObject | undefined,
): string | undefined =>
  reservedSessionFields.find((field) => {
    if (change.add && Object.hasOwn(change.add, field)) return true;
    if (change.remove && Object.hasOwn(change.remove, field)) return true;
    return change.data && Object.hasOwn(change.data, field) && change.data[field] !== sessionInfo?.[field];
  });
