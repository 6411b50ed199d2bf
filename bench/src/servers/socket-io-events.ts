/** What one would write with socket.io and undici: each message is POSTed, and what is answered is emitted. */
import { createServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { Pool, request } from 'undici';
import { serve } from '../harness/serve.ts';
import { listening } from './listening.ts';

interface EventOptions {
  readonly backendUrl: string;
}

interface Command {
  readonly type: string;
  readonly message?: unknown;
}

serve(({ backendUrl }: EventOptions) => {
  const dispatcher = new Pool(new URL(backendUrl).origin);
  const server = createServer();

  const post = async (client: Socket, message: unknown): Promise<void> => {
    const connection = { id: client.id, ip: client.handshake.address };
    const { body } = await request(backendUrl, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message, connection }),
    });
    for (const command of (await body.json()) as Command[]) {
      if (command.type === 'send') client.emit('message', command.message);
    }
  };

  new Server(server).on('connection', (client) => {
    client.on('message', (message) => {
      post(client, message).catch(() => client.disconnect(true));
    });
  });
  return listening(server);
});
