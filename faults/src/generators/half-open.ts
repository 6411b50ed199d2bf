import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { handshakeHead } from '../bare-socket.ts';
import { add, type Facts } from '../facts.ts';

export interface HalfOpenParams {
  readonly port: number;
  /** How many there are at once: one that is cut is followed by another. */
  readonly count: number;
  /** After so long none follows any more. */
  readonly forMs: number;
}

const tickMs = 10;
const connectsPerTick = 10;
const dripMs = 500;

const drip = (socket: Socket, text: string): void => {
  let at = 0;
  const dripping = setInterval(() => {
    socket.write(text.charAt(at % text.length));
    at += 1;
  }, dripMs);
  socket.once('close', () => clearInterval(dripping));
};

/** TCP connections that say nothing, half of a handshake, or a byte of it now and then. */
export const openHalf = async ({ port, count, forMs }: HalfOpenParams, facts: Facts): Promise<void> => {
  const head = handshakeHead({ port });
  const half = head.slice(0, head.length / 2);
  let opened = 0;
  facts['open'] = 0;
  const openOne = (): void => {
    opened += 1;
    const kind = opened % 3;
    const socket = connect({ port, host: '127.0.0.1' });
    add(facts, 'open');
    socket.on('error', () => undefined);
    socket.once('close', () => {
      add(facts, 'open', -1);
      add(facts, 'cut');
    });
    socket.resume();
    if (kind === 1) socket.write(half);
    if (kind === 2) drip(socket, half);
  };
  const startMs = performance.now();
  while (performance.now() - startMs < forMs) {
    for (let n = 0; n < connectsPerTick && (facts['open'] ?? 0) < count; n += 1) openOne();
    facts['most'] = Math.max(facts['most'] ?? 0, facts['open'] ?? 0);
    facts['opened'] = opened;
    await delay(tickMs);
  }
  facts['stopped'] = 1;
};
