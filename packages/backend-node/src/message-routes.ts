import {
  clientEventType,
  type ContractDefinition,
  type MessageSchemas,
  type RequestSchemas,
} from '@wsbroker/protocol';

/** One type of message or request: its name in the contract, its schema where there is one, and its handler. */
export interface Route<Handler, Schema> {
  readonly type: string;
  readonly schema: Schema | undefined;
  readonly handler: Handler;
}

/** By event type on the wire. */
export type Routes<Handler, Schema> = ReadonlyMap<string, Route<Handler, Schema>>;

type Handlers<Handler> = Readonly<Record<string, Handler>>;

export const routeMessages = <Handler>(
  { clientMessages }: ContractDefinition,
  handlers: Handlers<Handler>,
): Routes<Handler, MessageSchemas[string]> => {
  const words = { option: 'messages', part: 'clientMessages', one: 'client message' };
  return routesOf(words, clientMessages, handlers);
};

export const routeRequests = <Handler>(
  { requests }: ContractDefinition,
  handlers: Handlers<Handler>,
): Routes<Handler, RequestSchemas> =>
  routesOf({ option: 'requests', part: 'requests', one: 'request' }, requests, handlers);

/** How an error names what it is about. */
interface Words {
  readonly option: string;
  readonly part: string;
  readonly one: string;
}

/**
 * Types catch a handler that is missing or too many; this catches it in plain JavaScript, when the backend
 * starts and not when the first such message comes.
 */
const routesOf = <Handler, Schema>(
  { option, part, one }: Words,
  schemas: Readonly<Record<string, Schema>> | undefined,
  handlers: Handlers<Handler>,
): Routes<Handler, Schema> => {
  const routes = new Map<string, Route<Handler, Schema>>();
  for (const type of Object.keys(schemas ?? handlers)) {
    const handler = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
    if (typeof handler !== 'function') {
      throw new TypeError(
        `${option}.${type} is ${handler === undefined ? 'missing' : `a ${typeof handler}`}: expected a function that handles the ${one} "${type}"`,
      );
    }
    const eventType = clientEventType(type);
    const taken = routes.get(eventType);
    if (taken !== undefined) {
      throw new TypeError(
        `The ${one}s "${taken.type}" and "${type}" both arrive as "${eventType}": rename one of them`,
      );
    }
    routes.set(eventType, { type, schema: schemas?.[type], handler });
  }
  for (const type of Object.keys(handlers)) {
    if (schemas !== undefined && !Object.hasOwn(schemas, type)) {
      throw new TypeError(
        `${option}.${type} handles a ${one} that is not in the contract's ${part}: expected one of ${Object.keys(schemas).join(', ')}`,
      );
    }
  }
  return routes;
};
