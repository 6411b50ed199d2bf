import type { Opened } from '@wsbroker/protocol';
import type { ClientOptions } from '../src/options.ts';
import { settle, startClient } from './fake-client.ts';
import type { FakeSocket } from './fake-socket.ts';

const opening: Opened = {
  connection: 'key-1',
  token: 'token-1',
  received: 0,
  resumed: false,
  gap: false,
  graceMs: 30_000,
  maxMessageBytes: 65_536,
  replayMessages: 100,
  pingIntervalMs: 25_000,
};

/** Opens the socket as a broker of `wsbroker.v1` does. */
export const welcome = (socket: FakeSocket, facts: Partial<Opened> = {}): void => {
  socket.protocol = 'wsbroker.v1';
  socket.open();
  socket.receive(['opened', { ...opening, ...facts }]);
};

/** A client whose connection is open on `wsbroker.v1`. */
export const openV1 = async (options: Partial<ClientOptions> = {}, facts: Partial<Opened> = {}) => {
  const started = startClient(options);
  await settle();
  welcome(started.network.latest, facts);
  return started;
};
