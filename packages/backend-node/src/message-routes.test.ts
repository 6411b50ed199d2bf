import { expect, test } from 'vitest';
import * as z from 'zod';
import { routeMessages } from './message-routes.ts';

const anything = z.object({});
const handler = () => undefined;

test('puts `client-` before a type, unless it is there', () => {
  const contract = { clientMessages: { say: anything, 'client-move': anything } };
  const routes = routeMessages(contract, { say: handler, 'client-move': handler });
  expect([...routes.keys()]).toEqual(['client-say', 'client-move']);
  expect(routes.get('client-move')).toEqual({ type: 'client-move', validator: anything, handler });
});

test('takes any handler where the contract has no client messages', () => {
  const routes = routeMessages({}, { say: handler });
  expect(routes.get('client-say')).toEqual({ type: 'say', validator: undefined, handler });
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
    "messages.sya handles a message that is not in the contract's clientMessages: expected one of say",
  );
});

test('refuses two messages that arrive as the same event', () => {
  const contract = { clientMessages: { say: anything, 'client-say': anything } };
  expect(() => routeMessages(contract, { say: handler, 'client-say': handler })).toThrow(
    'both arrive as "client-say"',
  );
});
