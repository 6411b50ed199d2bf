/*
 * The chat's backend: a plain HTTP server that the broker POSTs events to. It may be killed at any moment.
 * `src/server/` starts it; it is a program of its own, and would run on another machine just as well.
 */
import { BrokerClientError, createBackend, createBrokerClient } from '@wsbroker/backend-node';
import { sqliteTransactions } from '@wsbroker/backend-node/sqlite';
import { createServer } from 'node:http';
import { tellParent } from '../child-message.ts';
import { contract } from '../contract.ts';
import { chatHandlers } from './chat.ts';
import { History } from './history.ts';
import { Presence } from './presence.ts';

const {
  BACKEND_PORT = '8000',
  BROKER_URL = 'http://127.0.0.1:31002/',
  DEMO_DATA = 'chat.sqlite',
} = process.env;

const report = (error: unknown): void => {
  // The broker was killed, or is closing: presence is told again when it is back.
  if (error instanceof BrokerClientError && error.code === 'unreachable') return;
  console.error(`backend: ${error instanceof Error ? error.message : String(error)}`);
};

const history = new History(DEMO_DATA);
const broker = createBrokerClient<typeof contract>({ url: BROKER_URL });
const presence = new Presence({ broker, quietRooms: () => history.rooms(), onError: report });
const backend = createBackend(contract, {
  ...chatHandlers({ history, presence, broker }),
  // An event that comes again, since a process was killed before its answer arrived, has no second effect.
  dedupe: sqliteTransactions(history.database),
});

const server = createServer(backend.nodeHandler);
server.on('error', (error) => {
  report(error);
  process.exit(1);
});
server.listen(Number(BACKEND_PORT), '127.0.0.1', () => {
  tellParent({ type: 'listening' });
  void presence.announceAll();
});

if (process.connected) {
  // Ctrl-C reaches every process of the terminal. This one waits for its parent's word: until the broker has
  // closed, there are events to be taken.
  process.on('SIGINT', () => {});
  // The parent is gone, however it went.
  process.on('disconnect', () => process.exit(0));
}
process.on('SIGTERM', () => process.exit(0));
