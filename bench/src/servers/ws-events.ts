/** What one would write with `ws` and undici: each message is POSTed, and what is answered is sent. Nothing is sure. */
import { createServer } from 'node:http';
import { Pool, request } from 'undici';
import { type WebSocket, WebSocketServer } from 'ws';
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
  let connections = 0;

  const post = async (client: WebSocket, message: object, connection: object): Promise<void> => {
    const { body } = await request(backendUrl, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message, connection }),
    });
    for (const command of (await body.json()) as Command[]) {
      if (command.type === 'send') client.send(JSON.stringify(command.message));
    }
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
