import type { JsonText } from '@wsbroker/protocol';
import type { Answer } from '../backend/backend.ts';
import { type CommandContext, executeCommands } from '../commands/execute.ts';
import type { Origin } from '../commands/target.ts';
import type { HubConnection } from '../hub/connection.ts';
import type { Log } from '../ops/logger.ts';
import type { QueuedEvent } from './queued-event.ts';

/** Who an event is about: a connection, or (for `sendBackendMessage`) none. */
export type Subject = HubConnection | { readonly sessionText: JsonText };

export interface Addressed {
  readonly event: QueuedEvent;
  readonly subject: Subject;
}

interface CarryOutContext {
  readonly commands: CommandContext;
  readonly log: Log;
}

/** Does what the backend answered: runs its commands, or hands them to who asked. A promise where that takes a while. */
export const carryOut = (
  { answer, problem }: Extract<Answer, { outcome: 'delivered' }>,
  { event, subject }: Addressed,
  { commands, log }: CarryOutContext,
): Promise<unknown> | undefined => {
  const { id, type, whenDone, onAnswer } = event;
  if (problem !== undefined || (!whenDone && !Array.isArray(answer))) {
    const why = problem ?? `its answer is ${kindOf(answer)}`;
    log.warn(
      { id },
      `! backend answered ${type}, but ${why}: expected a JSON list of commands, such as [{"type":"log","text":"hello"}], or nothing;`,
    );
  }
  const list = Array.isArray(answer) ? (answer as readonly unknown[]) : [];
  // Who asks whether a connection may be takes an error page for no answer.
  if (Array.isArray(answer)) onAnswer?.(list);
  // Not waited for: what it does is no part of the delivery.
  if (whenDone) {
    void callBack(whenDone, answer, log);
    return undefined;
  }
  const results = executeCommands(commands, list, originOf(event, subject));
  return results instanceof Promise ? results : undefined;
};

const callBack = async (whenDone: (answer: unknown) => unknown, answer: unknown, log: Log): Promise<void> => {
  try {
    await whenDone(answer);
  } catch (error) {
    log.error({ error }, '! the callback of sendBackendMessage failed:');
  }
};

const originOf = ({ onReply }: QueuedEvent, subject: Subject): Origin => {
  if (!('wskey' in subject)) return 'nobody';
  if (!onReply) return { connection: subject };
  let isReplied = false;
  const reply = (message: unknown): boolean => {
    if (isReplied) return false;
    isReplied = true;
    onReply(message);
    return true;
  };
  return { connection: subject, reply };
};

const kindOf = (value: unknown): string => (value === null ? 'null' : `a JSON ${typeof value}`);
