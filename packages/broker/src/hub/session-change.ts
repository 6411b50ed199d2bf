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
    const current = Object.hasOwn(target, key) ? target[key] : undefined;
    target[key] = isJsonObject(value) && isJsonObject(current) ? merged(current, value) : copied(value);
  }
};

const merged = (current: JsonObject, fields: JsonObject): JsonObject => {
  const result = { ...current };
  merge(result, fields);
  return result;
};

/** Connections that get the same change share nothing: a handler may alter what it finds on one of them. */
const copied = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copied);
  return isJsonObject(value) ? merged({}, value) : value;
};

const listOf = (value: unknown): unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as unknown[]) : [value];

/**
 * What cannot be told apart by criteria is one value: 7 and `'7'`, `Lobby` and `LOBBY`. Else a connection
 * could leave a room and still be found in it.
 */
const identityOf = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? `object ${JSON.stringify(value)}`
    : `value ${String(value).toLowerCase()}`;

const without = (list: readonly unknown[], gone: readonly unknown[]): unknown[] => {
  const identities = new Set(gone.map(identityOf));
  return list.filter((value) => !identities.has(identityOf(value)));
};

const withAdded = (list: readonly unknown[], values: readonly unknown[]): unknown[] => {
  const identities = new Set(list.map(identityOf));
  const added = values.filter((value) => {
    const identity = identityOf(value);
    if (identities.has(identity)) return false;
    identities.add(identity);
    return true;
  });
  return [...list, ...added.map(copied)];
};

export const applySessionChange = (sessionInfo: JsonObject, change: SessionChange): void => {
  if (change.data) merge(sessionInfo, change.data);
  for (const [key, values] of safeEntries(change.remove ?? {})) {
    if (!Object.hasOwn(sessionInfo, key)) continue;
    sessionInfo[key] = without(listOf(sessionInfo[key]), listOf(values));
  }
  for (const [key, values] of safeEntries(change.add ?? {})) {
    const current = Object.hasOwn(sessionInfo, key) ? sessionInfo[key] : undefined;
    sessionInfo[key] = withAdded(listOf(current), listOf(values));
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
