import { setImmediate as nextTurn } from 'node:timers/promises';
import { commandSchema, type Command } from '@wsbroker/protocol';
import type { Broker } from '../api.ts';
import { reasonOf } from '../ops/reason.ts';
import { isPromiseLike } from '../ops/promise-like.ts';
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

/** After so long, others get their turn of the event loop before the list goes on. */
const maxTurnMs = 10;

/**
 * Runs a list of commands, one after the other, and gives one result a command in the same order.
 * A command that cannot be run gets its error in its place; the others run. Never rejects.
 */
export const executeCommands = async (
  context: CommandContext,
  commands: readonly unknown[],
  origin: Origin,
): Promise<unknown[]> => {
  const failures = new FailureLog(context.log);
  const results: unknown[] = [];
  let turnBeganMs = performance.now();
  for (const command of commands) {
    context.log.debug({ command }, '↓ from backend');
    results.push(await resultOf(context, failures, { command, origin }));
    if (performance.now() - turnBeganMs > maxTurnMs) {
      await nextTurn();
      turnBeganMs = performance.now();
    }
  }
  failures.end();
  return results;
};

const resultOf = async (
  context: CommandContext,
  failures: FailureLog,
  { command: candidate, origin }: { readonly command: unknown; readonly origin: Origin },
): Promise<unknown> => {
  try {
    const command = checkedCommand(commandSchema, candidate);
    // JSON has no `undefined`, and a result always stands in its place.
    const result = run(context, command, origin);
    if (!isPromiseLike(result)) return result ?? null;
    return (await within(result, handlerLimit(context.handlerTimeoutMs))) ?? null;
  } catch (cause) {
    const error = asCommandError(cause, candidate);
    failures.add(error, cause);
    return error.toResult();
  }
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
