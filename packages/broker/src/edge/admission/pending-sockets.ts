import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';

/** What of a TCP socket is looked at: under TLS there are two objects for one, with the same ends. */
export interface Peered {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localPort?: number | undefined;
  destroy(): void;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * TCP sockets of which nothing has come yet that the broker serves: no WebSocket, no accepted command. They are
 * what anybody can open as many of as he likes, so there are at most `max`, and the oldest is cut for a new one:
 * one who means it has sent its handshake by then.
 */
export class PendingSockets {
  readonly #max: number;
  readonly #onCut: () => void;
  readonly #sockets = new Map<string, Peered>();
  /** Goes on where it stopped, past those that were cut: a new one would look at their empty places each time. */
  #oldest = this.#sockets.entries();

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
    if (key === undefined || this.#sockets.get(key) === socket) return;
    while (this.#sockets.size >= this.#max) this.#cutOldest();
    this.#sockets.set(key, socket);
    socket.once('close', () => {
      // The ends may be another socket's by now.
      if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
    });
  }

  /** It is served from now on, and counted elsewhere. */
  leave(socket: Peered): void {
    const key = keyOf(socket);
    if (key !== undefined) this.#sockets.delete(key);
  }

  #cutOldest(): void {
    let next = this.#oldest.next();
    if (next.done) {
      this.#oldest = this.#sockets.entries();
      next = this.#oldest.next();
    }
    if (next.done) return;
    const [key, socket] = next.value;
    this.#sockets.delete(key);
    socket.destroy();
    this.#onCut();
  }
}

const keyOf = ({ remoteAddress, remotePort, localPort }: Peered): string | undefined =>
  remotePort === undefined ? undefined : `${remoteAddress}|${remotePort}|${localPort}`;
