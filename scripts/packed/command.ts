import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

/**
 * Starts the command in front of a backend, sends one message, and stops it.
 *
 * @returns the types of the events that the backend got until then, and the exit code
 */
export const runCommand = async (command: string): Promise<{ events: string[]; exitCode: number | null }> => {
  const events: string[] = [];
  const backend = createServer((request, response) => {
    void text(request).then((body) => {
      const { type } = JSON.parse(new URLSearchParams(body).get('message') ?? '{}') as { type: string };
      events.push(type);
      response.end('[]');
      if (events.length === 2) backend.emit('both');
    });
  });
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const { port } = backend.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const args = ['--port', '0', '--host', '127.0.0.1', '--backend-url', url, '--log', 'text'];
  const broker = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const exited = once(broker, 'exit') as Promise<[number | null]>;
    const [line] = (await once(createInterface(broker.stdout), 'line')) as [string];
    const socket = new WebSocket(`ws://127.0.0.1:${/port (\d+)/.exec(line)?.[1] ?? `unknown: ${line}`}`);
    const bothArrived = once(backend, 'both');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'hello' }));
    await bothArrived;
    const seen = [...events];
    broker.kill('SIGTERM');
    const [exitCode] = await exited;
    return { events: seen, exitCode };
  } finally {
    broker.kill('SIGKILL');
    backend.closeAllConnections();
    backend.close();
  }
};
