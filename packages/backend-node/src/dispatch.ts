import {
  type AnyMessage,
  type BrokerErrorMessage,
  type ContractDefinition,
  isJsonObject,
  type Notification,
} from '@wsbroker/protocol';
import { RejectEvent } from './backend-error.ts';
import { send } from './command.ts';
import { type Context, createContext, type EventFacts } from './context.ts';
import type { BackendHandlers, BackendOptions } from './handlers.ts';
import { checkMessage } from './message-check.ts';
import { type MessageRoute, routeMessages } from './message-routes.ts';
import { refuseUndefinedCriterion } from './undefined-criterion.ts';

/** Brokers hold types to 64 characters, but others may POST here too. */
const maxShownType = 80;

type MessageHandler<C extends ContractDefinition> = (ctx: Context<C>, message: AnyMessage) => unknown;

/** Takes an event to its handler and gives back the list of commands; throws what the handler throws. */
export type Dispatch = (notification: Notification, event: EventFacts) => Promise<readonly object[]>;

export const createDispatch = <C extends ContractDefinition>(
  contract: C,
  handlers: BackendHandlers<C>,
): Dispatch => {
  const options: BackendOptions<C> = handlers;
  const routes = routeMessages(
    contract,
    (handlers.messages ?? {}) as Readonly<Record<string, MessageHandler<C>>>,
  );

  const handleMessage = async (
    route: MessageRoute<MessageHandler<C>>,
    ctx: Context<C>,
    message: AnyMessage,
  ): Promise<readonly object[]> => {
    const { type: _wireType, ...fields } = message;
    const checked =
      route.validator === undefined
        ? ({ ok: true, fields } as const)
        : await checkMessage(route.type, route.validator, fields);
    if (!checked.ok) return badMessage(checked.text);
    return commandsOf(
      await route.handler(ctx, { ...checked.fields, type: route.type }),
      `messages.${route.type}`,
    );
  };

  const handleUnknown = async (ctx: Context<C>, message: AnyMessage): Promise<readonly object[]> => {
    if (options.onUnknown) return commandsOf(await options.onUnknown(ctx, message), 'onUnknown');
    // An event type of a later broker is no client's mistake: passed over, so that brokers can be deployed first.
    if (!message.type.startsWith('client-')) return [];
    const known = [...routes.values()].map(({ type }) => type).join(', ');
    return badMessage(
      `${message.type.slice('client-'.length, maxShownType)} is not known here: expected ${known === '' ? 'no message at all' : `one of ${known}`}`,
    );
  };

  const handleDirect = async (ctx: Context<C>, message: AnyMessage): Promise<readonly object[]> => {
    if (options.onDirect) return commandsOf(await options.onDirect(ctx, message), 'onDirect');
    throw new RejectEvent(`"${message.type}" came from no connection, and this backend has no onDirect`);
  };

  return async ({ message, connection }, event) => {
    const ctx = createContext<C>(event, connection);
    if (isDirect(connection)) return handleDirect(ctx, message);
    switch (message.type) {
      case 'session-connect':
        return commandsOf(await options.connect?.(ctx), 'connect');
      case 'session-disconnect':
        return commandsOf(await options.disconnect?.(ctx), 'disconnect');
      default: {
        const route = routes.get(message.type);
        return route === undefined ? handleUnknown(ctx, message) : handleMessage(route, ctx, message);
      }
    }
  };
};

/** `wskey` is looked at too: a client may have a cookie called `type`. */
const isDirect = (connection: Notification['connection']): boolean =>
  connection['type'] === 'direct' && !Object.hasOwn(connection, 'wskey');

const badMessage = (text: string): readonly object[] => {
  const message: BrokerErrorMessage = { type: 'broker-error', code: 'bad-message', text };
  return [send(message)];
};

const commandsOf = (result: unknown, handler: string): readonly object[] => {
  if (result === undefined || result === null) return [];
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  return list.map((command, at) => {
    if (isJsonObject(command) && typeof command['type'] === 'string') {
      refuseUndefinedCriterion(handler, command);
      return command;
    }
    const what = Array.isArray(result) ? `element ${at} of its list is` : 'it returned';
    throw new TypeError(
      `${handler} answered with no command (${what} ${kindOf(command)}): expected what ctx.send, ctx.session, ctx.close, ctx.log or ctx.custom make, a list of them, or nothing`,
    );
  });
};

const kindOf = (value: unknown): string => {
  if (value instanceof Promise) return 'a promise that was not awaited';
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'an object without a string type';
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
};
