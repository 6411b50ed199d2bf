import { isJsonObject, type MessageSchemas } from '@wsbroker/protocol';
import type { ReplyCommand } from './command.ts';
import { checkMessage } from './message-check.ts';
import { refuseUndefinedCriterion } from './undefined-criterion.ts';

/**
 * What a handler gave, as a list of commands.
 *
 * @param handler Its name, for the error.
 * @throws {TypeError}
 */
export const commandsOf = (result: unknown, handler: string): readonly object[] => {
  if (result === undefined || result === null) return [];
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  return list.map((command, at) => {
    if (isJsonObject(command) && typeof command['type'] === 'string') {
      refuseUndefinedCriterion(handler, command);
      return command;
    }
    const what = Array.isArray(result) ? `element ${at} of its list is` : 'it returned';
    throw new TypeError(
      `${handler} answered with no command (${what} ${kindOf(command)}): expected what ctx.send, ctx.session, ctx.close, ctx.log, ctx.custom or ctx.reply make, a list of them, or nothing`,
    );
  });
};

const kindOf = (value: unknown): string => {
  if (value instanceof Promise) return 'a promise that was not awaited';
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'an object without a string type';
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
};

/**
 * A request has one reply, and it is what the contract says.
 *
 * The reply is sent as the handler gave it, not as the validator puts it out: the client expects the former.
 */
export const checkReply = async (
  owner: string,
  schema: MessageSchemas[string] | undefined,
  commands: readonly object[],
): Promise<void> => {
  const replies = commands.filter(isReply);
  const [reply] = replies;
  if (reply === undefined || replies.length > 1) {
    throw new TypeError(
      `${owner} answered with ${replies.length} replies: expected one ctx.reply(…), alone or in a list of commands; to refuse a request, throw a RejectEvent`,
    );
  }
  if (schema === undefined) {
    if (reply.message === undefined)
      throw new TypeError(`${owner} replied with undefined: expected what JSON can hold`);
    return;
  }
  const checked = await checkMessage('the reply', schema, reply.message);
  if (!checked.ok) throw new TypeError(`${owner}: ${checked.text}`);
};

const isReply = (command: object): command is ReplyCommand => 'type' in command && command.type === 'reply';
