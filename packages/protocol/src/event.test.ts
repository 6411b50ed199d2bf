import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../test/arbitrary-json.ts';
import { isEvent } from './body.ts';
import { clientEventSchema, clientEventType, connectEventSchema, disconnectEventSchema } from './event.ts';

test.each([
  ['hello', 'client-hello'],
  ['client-hello', 'client-hello'],
  ['client-', 'client-'],
  ['client', 'client-client'],
  ['Client-hello', 'client-Client-hello'],
  ['session-connect', 'client-session-connect'],
  ['__proto__', 'client-__proto__'],
  ['', 'client-message'],
  [undefined, 'client-message'],
])('a message of type %j becomes an event of type %j', (type, expected) => {
  expect(clientEventType(type)).toBe(expected);
});

test('an event of a client always begins with client-, once, and keeps the type', () => {
  fc.assert(
    fc.property(anyText, (type) => {
      const event = clientEventType(type);
      expect(event.startsWith('client-')).toBe(true);
      expect(event.endsWith(type)).toBe(true);
      expect(clientEventType(event)).toBe(event);
      expect(isEvent({ type: event })).toBe(true);
    }),
  );
});

test('no message of a client can become session-connect or session-disconnect', () => {
  fc.assert(
    fc.property(anyText, (type) => {
      const event = { type: clientEventType(type) };
      expect(connectEventSchema.safeParse(event).success).toBe(false);
      expect(disconnectEventSchema.safeParse(event).success).toBe(false);
    }),
  );
});

test('isEvent tells events from other messages', () => {
  const events = ['session-connect', 'session-disconnect', 'client-hello', 'client-', 'client-a\nb'];
  for (const type of events) expect(isEvent({ type, more: 1 })).toBe(true);
  const others = [{ type: 'hello' }, { type: 'xclient-hello' }, { type: 1 }, {}, null, [], 'client-hello'];
  for (const other of others) expect(isEvent(other)).toBe(false);
});

test('events may carry further fields', () => {
  expect(connectEventSchema.safeParse({ type: 'session-connect', later: 1 }).success).toBe(true);
  expect(clientEventSchema.safeParse({ type: 'client-say', text: 'x' }).success).toBe(true);
});
