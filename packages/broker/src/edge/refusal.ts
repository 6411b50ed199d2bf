import {
  closeCodes,
  compileCriteria,
  criteriaSchema,
  isJsonObject,
  type SessionInfo,
} from '@wsbroker/protocol';

const matches = (criteria: unknown, sessionInfo: SessionInfo): boolean => {
  // PHP writes an empty array where an empty object is meant.
  const parsed = criteriaSchema.safeParse(Array.isArray(criteria) && criteria.length === 0 ? {} : criteria);
  return parsed.success && compileCriteria(parsed.data)(sessionInfo);
};

/** Whether one of the commands that answer `session-connect` closes the connection that it is about. */
export const isRefusedBy = (commands: readonly unknown[], sessionInfo: SessionInfo): boolean =>
  commands.some((command) => {
    if (!isJsonObject(command) || command['type'] !== 'close') return false;
    const { match, except } = command;
    if (match !== undefined && !matches(match, sessionInfo)) return false;
    return except === undefined || !matches(except, sessionInfo);
  });

/** A refused client must not come back, unless the backend says so. */
export const refusalCode = (code: number): number => (code === closeCodes.normal ? closeCodes.refused : code);
