import {
  type BuiltInCommandType,
  closeCodes,
  type JsonObject,
  type ListCommand,
  type SessionCommand,
} from '@wsbroker/protocol';
import type { Engine } from '../cluster/engine.ts';
import { alteredReservedField, type SessionChange } from '../hub/session-change.ts';
import { type Log, showsDebug } from '../ops/logger.ts';
import { checkedBuiltIn } from './checked-command.ts';
import { CommandError } from './command-error.ts';
import type { Operation, Outcome } from './operation.ts';
import { type Origin, targetOf } from './target.ts';

export interface BuiltInContext {
  readonly engine: Engine<Operation, Outcome>;
  readonly log: Log;
}

const builtInTypes: ReadonlySet<string> = new Set<BuiltInCommandType>([
  'close',
  'list',
  'log',
  'reply',
  'send',
  'session',
]);

export const isBuiltIn = (type: string): boolean => builtInTypes.has(type);

/**
 * Runs one built-in command; its result, or a promise of it.
 * @throws CommandError when a field is missing or wrong.
 */
export const runBuiltIn = (context: BuiltInContext, candidate: unknown, origin: Origin): unknown => {
  const command = checkedBuiltIn(candidate);
  switch (command.type) {
    case 'log':
      context.log.output(command.text);
      return null;
    case 'reply':
      reply(command.message, origin);
      return null;
    case 'send': {
      const text = JSON.stringify(command.message);
      return whenPublished(context, { kind: 'send', target: targetOf(command, origin), text }, (outcomes) => {
        logSent(context.log, outcomes, command.message);
        return matchedResult(outcomes);
      });
    }
    case 'close':
      return whenPublished(
        context,
        {
          kind: 'close',
          target: targetOf(command, origin),
          code: command.code ?? closeCodes.normal,
          reason: command.reason ?? '',
        },
        matchedResult,
      );
    case 'session':
      return whenPublished(
        context,
        { kind: 'session', target: targetOf(command, origin), change: changeOf(command, origin) },
        matchedResult,
      );
    case 'list':
      return list(context, command);
  }
};

const reply = (message: unknown, origin: Origin): void => {
  const take = typeof origin === 'object' ? origin.reply : undefined;
  if (!take) {
    throw new CommandError(
      'no-request',
      '`reply` answers the request of a client, and no request caused this: use `send`, or answer an event that has the header `wsbroker-request`',
    );
  }
  if (!take(message)) {
    throw new CommandError('no-request', '`reply`: the request has its reply already; one is all it takes');
  }
};

/** `← sent to 3/10 clients`, with the message. */
export const logSent = (log: Log, outcomes: readonly Outcome[], message: unknown): void => {
  if (!showsDebug(log)) return;
  const connections = sum(outcomes, (outcome) => outcome.connections);
  log.debug({ message }, `← sent to ${sum(outcomes, (outcome) => outcome.matched)}/${connections} clients`);
};

const sum = (outcomes: readonly Outcome[], figure: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + figure(outcome), 0);

const matchedResult = (outcomes: readonly Outcome[]) => ({
  matched: sum(outcomes, (outcome) => outcome.matched),
});

/** An engine of one process answers at once, and then nothing waits: commands keep their order for free. */
const whenPublished = <Result>(
  { engine }: BuiltInContext,
  operation: Operation,
  then: (outcomes: readonly Outcome[]) => Result,
): Result | Promise<Result> => {
  const outcomes = engine.publish(operation);
  return outcomes instanceof Promise ? outcomes.then(then) : then(outcomes);
};

const asFields = (fields: JsonObject | never[] | undefined): JsonObject | undefined =>
  Array.isArray(fields) ? undefined : fields;

const changeOf = (command: SessionCommand, origin: Origin): SessionChange => {
  const change: SessionChange = {
    data: asFields(command.data),
    add: asFields(command.add),
    remove: asFields(command.remove),
  };
  if (command.data === undefined && command.add === undefined && command.remove === undefined) {
    throw new CommandError('bad-command', '`session` changes nothing: expected `data`, `add` or `remove`');
  }
  const isOwn = command.match === undefined && command.except === undefined;
  const own = isOwn && typeof origin === 'object' ? origin.connection : undefined;
  const field = alteredReservedField(change, own?.session);
  if (field !== undefined) {
    throw new CommandError(
      'reserved-field',
      `\`session\` would change \`${field}\`, which is the broker's: use another name`,
    );
  }
  return change;
};

const list = (context: BuiltInContext, command: ListCommand): unknown => {
  // A list is never about the connection that asked: without `match` it is of all, as in the seed.
  const target = targetOf(command, 'everyone');
  if (command.count) {
    return whenPublished(context, { kind: 'count', target }, (outcomes) => ({
      count: matchedResult(outcomes).matched,
    }));
  }
  const after = cursorPlace(command.cursor);
  const { limit } = command;
  const operation: Operation = {
    kind: 'list',
    target,
    fields: command.fields,
    after,
    // One more than asked for tells whether there is another page.
    limit: limit === undefined ? undefined : limit + 1,
  };
  return whenPublished(context, operation, (outcomes) => {
    const found = outcomes.flatMap((outcome) => outcome.listed ?? []);
    if (limit === undefined) return found.map(({ sessionInfo }) => sessionInfo);
    const page = found.slice(0, limit);
    return {
      connections: page.map(({ sessionInfo }) => sessionInfo),
      ...(found.length > limit ? { cursor: String(page.at(-1)?.place) } : {}),
    };
  });
};

const cursorPlace = (cursor: string | undefined): number => {
  if (cursor === undefined) return 0;
  const place = /^\d{1,15}$/.test(cursor) ? Number(cursor) : NaN;
  if (Number.isNaN(place)) {
    throw new CommandError(
      'bad-command',
      'cursor is none of ours: expected the `cursor` of a page, as it came',
    );
  }
  return place;
};
