import { inspect } from 'node:util';

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : inspect(value, { depth: 2, breakLength: Infinity });

/**
 * What an error says, for a log line or an answer; of anything else that was thrown, how it looks.
 *
 * Never throws: handlers of the application throw whatever they like, `null` and objects without a prototype included.
 */
export const reasonOf = (error: unknown): string => {
  try {
    // Several addresses were tried (`localhost` is two): the error itself says nothing, those inside do.
    if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
    if (error instanceof Error) return textOf(error.message) || error.name;
    return textOf(error);
  } catch {
    return 'an error that cannot be shown';
  }
};
