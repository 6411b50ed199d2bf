/** What one would write with `ws` alone: a POST of a message goes to every client. */
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { serve } from '../harness/serve.ts';
import { listening, withBody } from './listening.ts';

const server = createServer((request, response) =>
  withBody(request, (body) => {
    const { message } = JSON.parse(body) as { message: unknown };
    const text = JSON.stringify(message);
    for (const client of wss.clients) if (client.readyState === WebSocket.OPEN) client.send(text);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  }),
);
const wss = new WebSocketServer({ server });
wss.on('connection', (client) => client.on('error', () => client.terminate()));

serve(() => listening(server));
