/**
 * What one would write with `ws` alone where clients are to be told apart: of each what it is, for a message to some,
 * and a heartbeat, as the README of `ws` has it.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { serve } from '../harness/serve.ts';
import { listening } from './listening.ts';

interface Session {
  readonly id: string;
  readonly address: string | undefined;
  readonly cookies: Readonly<Record<string, string>>;
  isAlive: boolean;
}

const cookiesOf = (header: string): Record<string, string> =>
  Object.fromEntries(
    header.split(';').map((cookie) => {
      const at = cookie.indexOf('=');
      return [cookie.slice(0, at).trim(), cookie.slice(at + 1).trim()];
    }),
  );

const sessionOf = ({ headers, socket }: IncomingMessage): Session => ({
  id: randomUUID(),
  address: headers['x-forwarded-for']?.toString() ?? socket.remoteAddress,
  cookies: cookiesOf(headers.cookie ?? ''),
  isAlive: true,
});

const server = createServer();
const wss = new WebSocketServer({ server });
const sessions = new Map<WebSocket, Session>();

wss.on('connection', (client, request) => {
  const session = sessionOf(request);
  sessions.set(client, session);
  client.on('error', () => client.terminate());
  client.on('pong', () => (session.isAlive = true));
  client.on('close', () => sessions.delete(client));
});

setInterval(() => {
  for (const [client, session] of sessions) {
    if (!session.isAlive) client.terminate();
    session.isAlive = false;
    client.ping();
  }
}, 30_000);

serve(() => listening(server));
