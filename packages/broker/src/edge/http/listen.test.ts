import { EventEmitter, getEventListeners } from 'node:events';
import type { Server } from 'node:http';
import { expect, test } from 'vitest';
import { listen } from './listen.ts';

/** A server that listens, or fails to, when it is told to. */
class FakeServer extends EventEmitter {
  listening = false;
  readonly asked: unknown[] = [];

  listen(place: unknown): void {
    this.asked.push(place);
  }

  get listenerCounts(): number {
    return this.eventNames().length;
  }
}

const open = new AbortController().signal;

const begin = (place: { port?: number; host?: string }, closing = open) => {
  const server = new FakeServer();
  return { server, listened: listen(server as unknown as Server, place, closing) };
};

const failure = (code: string, fields: object = {}): Error =>
  Object.assign(new Error(`listen ${code}`), { code, ...fields });

test('asks the server to listen on port and host, and resolves when it does', async () => {
  const { server, listened } = begin({ port: 80, host: '127.0.0.1' });
  expect(server.asked).toMatchObject([{ port: 80, host: '127.0.0.1' }]);
  server.emit('listening');
  await listened;
  expect(server.listenerCounts).toBe(0);
});

test('without a port waits until somebody else has the server listen', async () => {
  const closing = new AbortController();
  const { server, listened } = begin({}, closing.signal);
  expect(server.asked).toEqual([]);
  server.emit('listening');
  await listened;
  expect(getEventListeners(closing.signal, 'abort')).toEqual([]);
});

test('a server that listens already is taken as it is', async () => {
  const server = new FakeServer();
  server.listening = true;
  await listen(server as unknown as Server, { port: 80 }, open);
  expect(server.asked).toEqual([]);
  expect(server.listenerCounts).toBe(0);
});

test.each<[string, { port?: number; host?: string }, object, string, string]>([
  [
    'EADDRINUSE',
    { port: 80 },
    {},
    'port-taken',
    'The port 80 is taken: another program listens there; stop it, or choose another `port` (0 takes a free one)',
  ],
  ['EADDRINUSE', { port: 80, host: '::1' }, {}, 'port-taken', 'The address ::1:80 is taken: another program'],
  ['EADDRINUSE', {}, { address: '0.0.0.0', port: 81 }, 'port-taken', 'The address 0.0.0.0:81 is taken'],
  [
    'EACCES',
    { port: 80 },
    {},
    'listen-failed',
    'No permission to listen on port 80: ports below 1024 need privileges',
  ],
  [
    'EADDRNOTAVAIL',
    { port: 80, host: '192.0.2.1' },
    {},
    'listen-failed',
    'This machine has no address 192.0.2.1: see `host`',
  ],
  [
    'ENOTFOUND',
    { port: 80, host: 'nowhere' },
    {},
    'listen-failed',
    'Cannot listen on nowhere:80: listen ENOTFOUND',
  ],
])('%s on %j is told', async (code, place, fields, brokerCode, message) => {
  const { server, listened } = begin(place);
  const cause = failure(code, fields);
  server.emit('error', cause);
  await expect(listened).rejects.toMatchObject({
    name: 'BrokerError',
    code: brokerCode,
    message: expect.stringContaining(message) as string,
    cause,
  });
  expect(server.listenerCounts).toBe(0);
});

test('closing ends the wait for a server that never listens', async () => {
  const closing = new AbortController();
  const { server, listened } = begin({}, closing.signal);
  closing.abort();
  await expect(listened).rejects.toMatchObject({ code: 'closed' });
  expect(server.listenerCounts).toBe(0);
});

test('who is closed before the wait begins does not wait', async () => {
  const { server, listened } = begin({}, AbortSignal.abort());
  await expect(listened).rejects.toMatchObject({ code: 'closed' });
  expect(server.listenerCounts).toBe(0);
});

test('closing does not break off what was begun here: it is waited for', async () => {
  const closing = new AbortController();
  const { server, listened } = begin({ port: 80 }, closing.signal);
  closing.abort();
  server.emit('listening');
  await listened;
});
