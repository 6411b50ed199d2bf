import type {
  AnyMessage,
  BrokerErrorMessage,
  ContractDefinition,
  MessageSchemas,
  Notification,
  RequestSchemas,
} from '@wsbroker/protocol';
import { RejectEvent } from './backend-error.ts';
import { send } from './command.ts';
import { type Context, createContext, type EventFacts, type RequestContext } from './context.ts';
import { checkReply, commandsOf } from './handler-answer.ts';
import type { BackendHandlers, BackendOptions } from './handlers.ts';
import { type CheckedMessage, checkMessage } from './message-check.ts';
import { type Route, routeMessages, routeRequests, type Routes } from './message-routes.ts';

/** Brokers hold types to 64 characters, but others may POST here too. */
const maxShownType = 80;

type MessageHandler<C extends ContractDefinition> = (ctx: Context<C>, message: AnyMessage) => unknown;
type RequestHandler<C extends ContractDefinition> = (ctx: RequestContext<C>, request: AnyMessage) => unknown;

/** Takes an event to its handler and gives back the list of commands; throws what the handler throws. */
export type Dispatch = (notification: Notification, event: EventFacts) => Promise<readonly object[]>;

export const createDispatch = <C extends ContractDefinition>(
  contract: C,
  handlers: BackendHandlers<C>,
): Dispatch => {
  const options: BackendOptions<C> = handlers;
  const messages = routeMessages(
    contract,
    (handlers.messages ?? {}) as Readonly<Record<string, MessageHandler<C>>>,
  );
  const requests = routeRequests(
    contract,
    (handlers.requests ?? {}) as Readonly<Record<string, RequestHandler<C>>>,
  );

  const handleMessage = async (
    { type, schema, handler }: Route<MessageHandler<C>, MessageSchemas[string]>,
    ctx: Context<C>,
    message: AnyMessage,
  ): Promise<readonly object[]> => {
    const checked = await checkFields(type, schema, message);
    if (!checked.ok) return badMessage(checked.text);
    return commandsOf(await handler(ctx, { ...checked.fields, type }), `messages.${type}`);
  };

  const handleRequest = async (
    { type, schema, handler }: Route<RequestHandler<C>, RequestSchemas>,
    ctx: RequestContext<C>,
    message: AnyMessage,
  ): Promise<readonly object[]> => {
    const checked = await checkFields(type, schema?.request, message);
    if (!checked.ok) return badMessage(checked.text);
    const owner = `requests.${type}`;
    const commands = commandsOf(await handler(ctx, { ...checked.fields, type }), owner);
    await checkReply(owner, schema?.reply, commands);
    return commands;
  };

  const handleClientEvent = async (
    ctx: RequestContext<C>,
    message: AnyMessage,
  ): Promise<readonly object[]> => {
    const asMessage = messages.get(message.type);
    const asRequest = requests.get(message.type);
    if (ctx.event.request === undefined) {
      if (asMessage !== undefined) return handleMessage(asMessage, ctx, message);
      if (asRequest === undefined) return handleUnknown(ctx, message, messages);
      return badMessage(`${asRequest.type} is a request, and came as a message: ask with client.request()`);
    }
    if (asRequest !== undefined) return handleRequest(asRequest, ctx, message);
    if (asMessage === undefined) return handleUnknown(ctx, message, requests);
    return badMessage(`${asMessage.type} is a message, and came as a request: send it with client.send()`);
  };

  const handleUnknown = async (
    ctx: Context<C>,
    message: AnyMessage,
    expected: Routes<unknown, unknown>,
  ): Promise<readonly object[]> => {
    if (options.onUnknown) return commandsOf(await options.onUnknown(ctx, message), 'onUnknown');
    // An event type of a later broker is no client's mistake: passed over, so that brokers can be deployed first.
    if (!message.type.startsWith('client-')) return [];
    const types = [...expected.values()].map(({ type }) => type);
    const none = expected === messages ? 'no message at all' : 'no request at all';
    return badMessage(
      `${message.type.slice('client-'.length, maxShownType)} is not known here: expected ${types.length === 0 ? none : `one of ${types.join(', ')}`}`,
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
      default:
        return handleClientEvent(ctx, message);
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

const checkFields = async (
  type: string,
  schema: MessageSchemas[string] | undefined,
  { type: _wireType, ...fields }: AnyMessage,
): Promise<CheckedMessage> =>
  schema === undefined ? { ok: true, fields } : checkMessage(type, schema, fields);
