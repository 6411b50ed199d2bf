/** What one would write with socket.io: a POST of a message is emitted to everybody. */
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { serve } from '../harness/serve.ts';
import { listening, withBody } from './listening.ts';

const server = createServer((request, response) =>
  withBody(request, (body) => {
    const { message } = JSON.parse(body) as { message: unknown };
    io.emit('message', message);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  }),
);
const io = new Server(server);

serve(() => listening(server));
