import { builtInCommandSchema } from '@wsbroker/protocol';
import { expect, test } from 'vitest';
import { close, custom, list, log, send, session } from './command.ts';

test('makes the command objects of the wire', () => {
  expect(send({ type: 'said', text: 'hello' })).toEqual({
    type: 'send',
    message: { type: 'said', text: 'hello' },
  });
  expect(send({ type: 'said' }, { match: { room: ['a', 'b'] }, except: { wskey: 'k' } })).toEqual({
    type: 'send',
    message: { type: 'said' },
    match: { room: ['a', 'b'] },
    except: { wskey: 'k' },
  });
  expect(session({ name: 'Ada' })).toEqual({ type: 'session', data: { name: 'Ada' } });
  expect(session({}, { add: { rooms: 'x' }, remove: { rooms: ['y'] }, match: { name: 'Ada' } })).toEqual({
    type: 'session',
    data: {},
    add: { rooms: 'x' },
    remove: { rooms: ['y'] },
    match: { name: 'Ada' },
  });
  expect(close()).toEqual({ type: 'close' });
  expect(close({ code: 4500, reason: 'banned' })).toEqual({ type: 'close', code: 4500, reason: 'banned' });
  expect(list()).toEqual({ type: 'list' });
  expect(list({ fields: ['name'], limit: 10, count: false })).toEqual({
    type: 'list',
    fields: ['name'],
    limit: 10,
    count: false,
  });
  expect(log('hello')).toEqual({ type: 'log', text: 'hello' });
  expect(custom('restart-game', { table: 7 })).toEqual({ type: 'restart-game', table: 7 });
});

test('makes built-in commands that the broker takes', () => {
  const commands = [
    send({ type: 'said' }, { match: {} }),
    session({ a: 1 }, { add: { rooms: 'x' } }),
    close({ code: 3000, match: { room: 'x' } }),
    list({ limit: 5, cursor: '3' }),
    log('x'),
  ];
  for (const command of commands) expect(builtInCommandSchema.safeParse(command).success).toBe(true);
});

test('keeps the type of a command whatever its fields are called', () => {
  expect(session({ type: 'x' })).toEqual({ type: 'session', data: { type: 'x' } });
  expect(custom('mine', { type: 'send' })).toEqual({ type: 'mine' });
});
