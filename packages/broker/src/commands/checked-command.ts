import {
  type BuiltInCommand,
  builtInCommandSchema,
  check,
  type Command,
  commandSchema,
} from '@wsbroker/protocol';
import type * as z from 'zod';
import { CommandError } from './command-error.ts';
import { isCommand, isUsualBuiltIn } from './usual-command.ts';

/**
 * Any command: one that has a type.
 * @throws CommandError `bad-command`, naming the field, what was seen and what is expected.
 */
export const checkedCommand = (candidate: unknown): Command =>
  isCommand(candidate) ? candidate : checked(commandSchema, candidate);

/**
 * A built-in command that has the shape which its schema asks for.
 * @throws CommandError `bad-command`, as above.
 */
export const checkedBuiltIn = (candidate: unknown): BuiltInCommand =>
  isUsualBuiltIn(candidate) ? candidate : checked(builtInCommandSchema, candidate);

const checked = <T>(schema: z.ZodType<T>, candidate: unknown): T => {
  const result = check(schema, candidate, 'The command', 'bad-command');
  if (!result.ok) throw new CommandError(result.error.code, result.error.message);
  return result.value;
};
