import { type BuiltInCommand, type Command, isJsonObject, type JsonObject } from '@wsbroker/protocol';

/**
 * Looks by hand for what the schemas look for: a schema library takes longer for a command than the command does.
 * What is not found to be well formed here may be so all the same: the schema then says, and says what is wrong.
 */
export const isCommand = (candidate: unknown): candidate is Command =>
  isJsonObject(candidate) && typeof candidate['type'] === 'string' && candidate['type'] !== '';

/** A built-in command as most are: the fields that it needs, and none of those with rules of their own. */
export const isUsualBuiltIn = (candidate: unknown): candidate is BuiltInCommand => {
  if (!isPlain(candidate) || !isUsualCriteria(candidate['match']) || !isUsualCriteria(candidate['except'])) {
    return false;
  }
  switch (candidate['type']) {
    case 'send':
    case 'reply':
      return candidate['message'] !== undefined;
    case 'log':
      return candidate['text'] !== undefined;
    case 'session':
      return [candidate['data'], candidate['add'], candidate['remove']].every(isUsualFields);
    case 'close':
      return candidate['code'] === undefined && candidate['reason'] === undefined;
    default:
      return false;
  }
};

const isPlain = (value: unknown): value is JsonObject =>
  isJsonObject(value) && Object.getPrototypeOf(value) === Object.prototype;

const isUsualFields = (value: unknown): boolean => value === undefined || isPlain(value);

const isUsualCriteria = (criteria: unknown): boolean =>
  criteria === undefined || (isPlain(criteria) && Object.values(criteria).every(isUsualCriterion));

const isUsualCriterion = (value: unknown): boolean => {
  if (!Array.isArray(value)) return isScalar(value);
  // Not `every`, which leaves out what is not there.
  for (const item of value as readonly unknown[]) if (!isScalar(item)) return false;
  return true;
};

const isScalar = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || value === null || Number.isFinite(value);
