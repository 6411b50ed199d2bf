/*
 * The demo's broker, with a journal: it may be killed at any moment, and goes on where it was.
 * `src/server/` starts it; it is a program of its own, as the command `wsbroker` is.
 */
import { Broker, BrokerError, createTextLogger } from '@wsbroker/broker';
import { type SocketFigures, tellParent } from '../child-message.ts';

const {
  BROKER_HOST = '127.0.0.1',
  BROKER_PORT = '31002',
  BROKER_ALLOW = '127.0.0.1,::1',
  BROKER_JOURNAL = 'broker.sqlite',
  BROKER_LOG = '',
  BACKEND_URL = 'http://127.0.0.1:8000/',
} = process.env;

/** How long an end that was asked for may take: what still waits then is in the journal. */
const drainMs = 2_000;
const lookEveryMs = 100;

let disconnects = 0;

const broker = Broker({
  host: BROKER_HOST,
  port: BROKER_PORT,
  journal: BROKER_JOURNAL,
  log: createTextLogger(BROKER_LOG === '1' ? 'debug' : 'warn', (line) => {
    process.stdout.write(`  Broker    ${line}\n`);
  }),
  backend: { url: BACKEND_URL, allow: BROKER_ALLOW.split(',') },
  // The chat has no use for them, and others on this host may have set some.
  cookies: false,
  // Half a second after the backend is back, so is the chat.
  retryMaxMs: 500,
  onClientDisconnect: () => {
    disconnects += 1;
  },
});

/** The figures that stand still while the backend comes and goes. */
let told: SocketFigures = { sockets: 0, disconnects: 0 };
const tellFigures = (): void => {
  const figures = { sockets: broker.websocketServer.clients.size, disconnects };
  if (figures.sockets === told.sockets && figures.disconnects === told.disconnects) return;
  told = figures;
  tellParent({ type: 'sockets', ...figures });
};

const end = (): void => {
  broker.close({ drainMs }).then(
    () => process.exit(0),
    () => process.exit(1),
  );
};
process.on('SIGTERM', end);
if (process.connected) {
  // Ctrl-C reaches every process of the terminal. This one waits for its parent's word.
  process.on('SIGINT', () => {});
  // The parent is gone, however it went.
  process.on('disconnect', () => process.exit(0));
}

try {
  await broker.ready;
  tellParent({ type: 'listening', port: broker.port });
  setInterval(tellFigures, lookEveryMs);
} catch (error) {
  const { message, cause } = error instanceof BrokerError ? error : new Error(String(error));
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  if (!process.send) throw error;
  process.send({ type: 'failed', text: message, code }, () => process.exit(1));
}
