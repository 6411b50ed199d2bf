import { isJsonObject } from '@wsbroker/protocol';

/**
 * Refuses a command that would reach everybody by oversight. JSON leaves `undefined` out, so that
 * `match: { room: connection.room }` of a connection in no room would arrive as `match: {}`, which is all.
 *
 * @param owner Who made the command, for the error.
 * @throws {TypeError}
 */
export const refuseUndefinedCriterion = (owner: string, command: Readonly<Record<string, unknown>>): void => {
  for (const name of ['match', 'except']) {
    const criteria = command[name];
    if (!isJsonObject(criteria)) continue;
    for (const [field, value] of Object.entries(criteria)) {
      if (value === undefined || (Array.isArray(value) && value.includes(undefined))) {
        throw new TypeError(
          `${owner}: ${name}.${field} of a ${String(command['type'])} is undefined, and would be left out on the way, so that the criteria match more than they say: give a value, or no command`,
        );
      }
    }
  }
};
