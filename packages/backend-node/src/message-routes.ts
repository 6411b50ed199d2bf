import { clientEventType, type ContractDefinition, type MessageSchemas } from '@wsbroker/protocol';

/** One type of message: its name in the contract, its validator where there is one, and its handler. */
export interface MessageRoute<Handler> {
  readonly type: string;
  readonly validator: MessageSchemas[string] | undefined;
  readonly handler: Handler;
}

/**
 * Message handlers by event type on the wire.
 *
 * Types catch a handler that is missing or too many; this catches it in plain JavaScript, when the backend
 * starts and not when the first such message comes.
 */
export const routeMessages = <Handler>(
  contract: ContractDefinition,
  handlers: Readonly<Record<string, Handler>>,
): ReadonlyMap<string, MessageRoute<Handler>> => {
  const validators = contract.clientMessages;
  const routes = new Map<string, MessageRoute<Handler>>();
  for (const type of Object.keys(validators ?? handlers)) {
    const handler = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
    if (typeof handler !== 'function') {
      throw new TypeError(
        `messages.${type} is ${handler === undefined ? 'missing' : `a ${typeof handler}`}: expected a function that handles the client message "${type}"`,
      );
    }
    const eventType = clientEventType(type);
    const taken = routes.get(eventType);
    if (taken !== undefined) {
      throw new TypeError(
        `The client messages "${taken.type}" and "${type}" both arrive as "${eventType}": rename one of them`,
      );
    }
    routes.set(eventType, { type, validator: validators?.[type], handler });
  }
  for (const type of Object.keys(handlers)) {
    if (validators !== undefined && !Object.hasOwn(validators, type)) {
      throw new TypeError(
        `messages.${type} handles a message that is not in the contract's clientMessages: expected one of ${Object.keys(validators).join(', ')}`,
      );
    }
  }
  return routes;
};
