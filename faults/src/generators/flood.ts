import { once } from 'node:events';
import type { Socket } from 'node:net';
import { messageFrame, openBareSocket, readFrames } from '../bare-socket.ts';
import { add, type Facts } from '../facts.ts';

export interface FloodParams {
  readonly port: number;
  readonly clients: readonly string[];
  /** How many each sends. */
  readonly messages: number;
  readonly padBytes: number;
}

const batchMessages = 100;

/** Clients that each send their numbered messages as fast as the broker takes them. */
export const flood = async (params: FloodParams, facts: Facts): Promise<void> => {
  const { port, clients, messages, padBytes } = params;
  const pad = 'x'.repeat(padBytes);
  const send = async (socket: Socket, client: string): Promise<void> => {
    for (let n = 1; n <= messages && !socket.destroyed; n += batchMessages) {
      const count = Math.min(batchMessages, messages - n + 1);
      const batch = Array.from({ length: count }, (_, index) =>
        messageFrame({ type: 'note', client, n: n + index, pad }),
      );
      if (!socket.write(Buffer.concat(batch)))
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
      add(facts, 'written', count);
    }
  };
  const sockets: [Socket, string][] = [];
  for (const client of clients) {
    const opened = await openBareSocket({ port });
    if (opened.kind !== 'taken') continue;
    const { socket } = opened;
    readFrames(socket);
    socket.once('close', () => add(facts, 'closed'));
    socket.write(messageFrame({ type: 'join', client }));
    sockets.push([socket, client]);
    add(facts, 'open');
  }
  await Promise.all(sockets.map(([socket, client]) => send(socket, client)));
};
