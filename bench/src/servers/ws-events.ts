/** What one would write with `ws` and undici: each message is POSTed, and what is answered is sent. Nothing is sure. */
import { createServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { serve } from '../harness/serve.ts';
import { askedBackend, type EventOptions } from './asked-backend.ts';
import { listening } from './listening.ts';

serve(({ backendUrl }: EventOptions) => {
  const ask = askedBackend(backendUrl);
  const server = createServer();
  let connections = 0;

  const post = async (client: WebSocket, message: object, connection: object): Promise<void> => {
    for (const answer of await ask(message, connection)) client.send(JSON.stringify(answer));
  };

  new WebSocketServer({ server }).on('connection', (client, { socket }) => {
    connections += 1;
    const connection = { id: connections, ip: socket.remoteAddress };
    client.on('error', () => client.terminate());
    client.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as object;
      post(client, message, connection).catch(() => client.terminate());
    });
  });
  return listening(server);
});
