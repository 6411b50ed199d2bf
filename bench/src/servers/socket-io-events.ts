/** What one would write with socket.io and undici: each message is POSTed, and what is answered is emitted. */
import { createServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { serve } from '../harness/serve.ts';
import { askedBackend, type EventOptions } from './asked-backend.ts';
import { listening } from './listening.ts';

serve(({ backendUrl }: EventOptions) => {
  const ask = askedBackend(backendUrl);
  const server = createServer();

  const post = async (client: Socket, message: unknown): Promise<void> => {
    const connection = { id: client.id, ip: client.handshake.address };
    for (const answer of await ask(message, connection)) client.emit('message', answer);
  };

  new Server(server).on('connection', (client) => {
    client.on('message', (message) => {
      post(client, message).catch(() => client.disconnect(true));
    });
  });
  return listening(server);
});
