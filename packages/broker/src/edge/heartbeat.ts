import { closeCodes } from '@wsbroker/protocol';
import type { ClientSocket } from './socket.ts';

export interface HeartbeatOptions {
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
}

/**
 * Finds clients that are gone without a word: a half-open TCP connection looks idle for hours.
 * Sockets that are not read (their queue is full) could not hear a pong and are left out.
 */
export class Heartbeat {
  readonly #sockets: ReadonlySet<ClientSocket>;
  readonly #options: HeartbeatOptions;
  readonly #interval: NodeJS.Timeout;
  #check: NodeJS.Timeout | undefined;

  constructor(sockets: ReadonlySet<ClientSocket>, options: HeartbeatOptions) {
    this.#sockets = sockets;
    this.#options = options;
    this.#interval = setInterval(() => this.#ping(), options.pingIntervalMs);
  }

  stop(): void {
    clearInterval(this.#interval);
    clearTimeout(this.#check);
  }

  #ping(): void {
    // With an interval shorter than the timeout, a round that still waits is not begun again.
    if (this.#check !== undefined) return;
    const pinged: ClientSocket[] = [];
    for (const socket of this.#sockets) {
      socket.ping();
      if (!socket.isPaused) pinged.push(socket);
    }
    this.#check = setTimeout(() => {
      this.#check = undefined;
      for (const socket of pinged) {
        if (socket.isAlive || socket.isPaused || !this.#sockets.has(socket)) continue;
        socket.close(closeCodes.heartbeatTimeout, 'heartbeat-timeout');
        // Nobody is there to answer the close.
        socket.terminate();
      }
    }, this.#options.pongTimeoutMs);
  }
}
