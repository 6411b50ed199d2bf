import { expect, test } from 'vitest';
import * as z from 'zod';
import { routeMessages, routeRequests } from './message-routes.ts';

const anything = z.object({});
const handler = () => undefined;

test('puts `client-` before a type, unless it is there', () => {
  const contract = { clientMessages: { say: anything, 'client-move': anything } };
  const routes = routeMessages(contract, { say: handler, 'client-move': handler });
  expect([...routes.keys()]).toEqual(['client-say', 'client-move']);
  expect(routes.get('client-move')).toEqual({ type: 'client-move', schema: anything, handler });
});

test('takes any handler where the contract has no client messages', () => {
  const routes = routeMessages({}, { say: handler });
  expect(routes.get('client-say')).toEqual({ type: 'say', schema: undefined, handler });
});

test('refuses a missing handler', () => {
  expect(() => routeMessages({ clientMessages: { say: anything } }, {})).toThrow(
    'messages.say is missing: expected a function that handles the client message "say"',
  );
});

test('does not take an inherited function for a handler', () => {
  expect(() => routeMessages({ clientMessages: { toString: anything } }, {})).toThrow(
    'messages.toString is missing',
  );
});

test('refuses a handler that is no function', () => {
  expect(() => routeMessages({ clientMessages: { say: anything } }, { say: 'hello' })).toThrow(
    'messages.say is a string: expected a function',
  );
  expect(() => routeMessages({}, { say: 'hello' })).toThrow('messages.say is a string: expected a function');
});

test('refuses a handler for a message that is not in the contract', () => {
  expect(() => routeMessages({ clientMessages: { say: anything } }, { say: handler, sya: handler })).toThrow(
    "messages.sya handles a client message that is not in the contract's clientMessages: expected one of say",
  );
});

test('takes the requests of the contract in the same way, and names them so', () => {
  const history = { request: anything, reply: anything };
  expect(routeRequests({ requests: { history } }, { history: handler }).get('client-history')).toEqual({
    type: 'history',
    schema: history,
    handler,
  });
  expect(() => routeRequests({ requests: { history } }, {})).toThrow(
    'requests.history is missing: expected a function that handles the request "history"',
  );
  expect(() => routeRequests({ requests: {} }, { history: handler })).toThrow(
    "requests.history handles a request that is not in the contract's requests",
  );
});

test('refuses two messages that arrive as the same event', () => {
  const contract = { clientMessages: { say: anything, 'client-say': anything } };
  expect(() => routeMessages(contract, { say: handler, 'client-say': handler })).toThrow(
    'both arrive as "client-say"',
  );
});
