import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';

/** What of a TCP socket is looked at: under TLS there are two objects for one, with the same ends. */
export interface Peered {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  destroy(): void;
  on(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

interface Pending {
  readonly socket: Peered;
  readonly onClosed: () => void;
}

/**
 * TCP sockets of which nothing has come yet that the broker serves: no WebSocket, no accepted command. They are
 * what anybody can open as many of as he likes, so there are at most `max`, and the oldest is cut for a new one:
 * one who means it has sent its handshake by then.
 */
export class PendingSockets {
  readonly #max: number;
  readonly #onCut: () => void;
  readonly #sockets = new Map<string, Pending>();

  /** @param onCut Runs whenever one is cut for another. */
  constructor(max: number, onCut: () => void = () => {}) {
    this.#max = max;
    this.#onCut = onCut;
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Counts every socket that the server accepts from now on. */
  watch(server: Server | SecureServer): void {
    server.on('connection', (socket: Socket) => this.add(socket));
  }

  add(socket: Peered): void {
    const key = keyOf(socket);
    // Without a key it is gone already.
    if (key === undefined || this.#sockets.get(key)?.socket === socket) return;
    while (this.#sockets.size >= this.#max) this.#cutOldest();
    const onClosed = (): void => {
      // The ends may be another socket's by now.
      if (this.#sockets.get(key)?.socket === socket) this.#sockets.delete(key);
    };
    this.#sockets.set(key, { socket, onClosed });
    socket.on('close', onClosed);
  }

  /** It is served from now on, and counted elsewhere: nothing of it is kept here. */
  leave(socket: Peered): void {
    const key = keyOf(socket);
    const pending = key === undefined ? undefined : this.#sockets.get(key);
    if (key === undefined || !pending) return;
    this.#sockets.delete(key);
    pending.socket.off('close', pending.onClosed);
  }

  #cutOldest(): void {
    // Begun anew each time: an iterator that is kept keeps every table that the Map has outgrown since, sockets and all.
    for (const [key, { socket }] of this.#sockets) {
      this.#sockets.delete(key);
      socket.destroy();
      this.#onCut();
      return;
    }
  }
}

/** All are of one server, which listens on one port. */
const keyOf = ({ remoteAddress, remotePort }: Peered): string | undefined =>
  remotePort === undefined ? undefined : `${remoteAddress}|${remotePort}`;
