import { check } from '@wsbroker/protocol';
import type * as z from 'zod';
import { CommandError } from './command-error.ts';

/**
 * A command that has the shape which the schema asks for.
 * @throws CommandError `bad-command`, naming the field, what was seen and what is expected.
 */
export const checkedCommand = <T>(schema: z.ZodType<T>, candidate: unknown): T => {
  const checked = check(schema, candidate, 'The command', 'bad-command');
  if (!checked.ok) throw new CommandError(checked.error.code, checked.error.message);
  return checked.value;
};
