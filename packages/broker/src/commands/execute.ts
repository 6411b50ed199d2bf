import type { Command } from '@wsbroker/protocol';
import type { Broker } from '../api.ts';
import { showsDebug } from '../ops/logger.ts';
import { reasonOf } from '../ops/reason.ts';
import { isPromiseLike } from '../ops/promise-like.ts';
import { SharedTurns } from '../ops/shared-turns.ts';
import { handlerLimit, within } from '../ops/time-limit.ts';
import { type BuiltInContext, isBuiltIn, runBuiltIn } from './built-in.ts';
import { checkedCommand } from './checked-command.ts';
import { CommandError } from './command-error.ts';
import { FailureLog } from './failure-log.ts';
import type { Origin } from './target.ts';

export interface CommandContext extends BuiltInContext {
  readonly broker: Broker;
  /** How long a command of the application's own may take. */
  readonly handlerTimeoutMs: number;
}

/**
 * Runs a list of commands, one after the other, and gives one result a command in the same order.
 * A command that cannot be run gets its error in its place; the others run. Never throws, never rejects.
 *
 * Most answers are one command that is done at once; then there is no promise, and nothing waits.
 */
export const executeCommands = (
  context: CommandContext,
  commands: readonly unknown[],
  origin: Origin,
): unknown[] | Promise<unknown[]> => {
  if (commands.length > 1) return executeAll(context, commands, origin);
  if (commands.length === 0) return [];
  const result = resultOf(context, new FailureLog(context.log), { command: commands[0], origin });
  return result instanceof Promise ? result.then((settled: unknown) => [settled]) : [result];
};

const executeAll = async (
  context: CommandContext,
  commands: readonly unknown[],
  origin: Origin,
): Promise<unknown[]> => {
  const failures = new FailureLog(context.log);
  const results: unknown[] = [];
  const turns = new SharedTurns();
  for (const command of commands) {
    const result = resultOf(context, failures, { command, origin });
    results.push(result instanceof Promise ? await result : result);
    if (turns.isOver) await turns.next();
  }
  failures.end();
  return results;
};

interface Candidate {
  readonly command: unknown;
  readonly origin: Origin;
}

/** JSON has no `undefined`, and a result always stands in its place. */
const resultOf = (context: CommandContext, failures: FailureLog, candidate: Candidate): unknown => {
  if (showsDebug(context.log)) context.log.debug({ command: candidate.command }, '↓ from backend');
  try {
    const result = run(context, checkedCommand(candidate.command), candidate.origin);
    return isPromiseLike(result) ? laterResultOf(context, failures, { candidate, result }) : (result ?? null);
  } catch (cause) {
    return failed(failures, candidate, cause);
  }
};

const laterResultOf = async (
  { handlerTimeoutMs }: CommandContext,
  failures: FailureLog,
  { candidate, result }: { readonly candidate: Candidate; readonly result: PromiseLike<unknown> },
): Promise<unknown> => {
  try {
    return (await within(result, handlerLimit(handlerTimeoutMs))) ?? null;
  } catch (cause) {
    return failed(failures, candidate, cause);
  }
};

const failed = (failures: FailureLog, { command }: Candidate, cause: unknown): unknown => {
  const error = asCommandError(cause, command);
  failures.add(error, cause);
  return error.toResult();
};

/** The application's own commands go before the built-in ones; what nobody knows goes to `onBackendMessage`. */
const run = (context: CommandContext, command: Command, origin: Origin): unknown => {
  const { config } = context.broker;
  const connection = typeof origin === 'object' ? origin.connection : null;
  const own = config.backendCommands;
  if (own && Object.hasOwn(own, command.type)) {
    if (typeof own[command.type] !== 'function') {
      throw new CommandError('command-failed', `backendCommands.${command.type} is not a function`);
    }
    // Called on its object, so that one command can use another.
    return own[command.type]?.(command, connection, context.broker);
  }
  if (isBuiltIn(command.type)) return runBuiltIn(context, command, origin);
  if (config.onBackendMessage) return config.onBackendMessage(command, connection, context.broker);
  throw new CommandError(
    'unknown-command',
    `Unknown command \`${command.type}\`: expected close, list, log, reply, send, session, one of \`backendCommands\`, or an \`onBackendMessage\` handler`,
  );
};

const asCommandError = (cause: unknown, candidate: unknown): CommandError => {
  if (cause instanceof CommandError) return cause;
  const type = (candidate as { type?: unknown } | null)?.type;
  return new CommandError('command-failed', `The command \`${String(type)}\` failed: ${reasonOf(cause)}`, {
    cause,
  });
};
