import { closeCodes } from '@wsbroker/protocol';

export interface HeartbeatOptions {
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
}

/** What a heartbeat needs of a socket. */
export interface PingedSocket {
  /** Something was heard since the last ping. */
  readonly isAlive: boolean;
  /** Not read, and so unable to hear a pong. */
  readonly isPaused: boolean;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** To ping 10,000 sockets takes 150 ms: so many are pinged in one turn, and then others have theirs. */
const fewSockets = 250;
/** All of them are pinged within half a second, however many they are. */
const maxTurns = 50;
const betweenTurnsMs = 10;

/**
 * Finds clients that are gone without a word: a half-open TCP connection looks idle for hours.
 * Sockets that are not read (their queue is full) could not hear a pong and are left out.
 */
export class Heartbeat {
  readonly #sockets: ReadonlySet<PingedSocket>;
  readonly #options: HeartbeatOptions;
  readonly #interval: NodeJS.Timeout;
  /** Of a round that is not over. */
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(sockets: ReadonlySet<PingedSocket>, options: HeartbeatOptions) {
    this.#sockets = sockets;
    this.#options = options;
    this.#interval = setInterval(() => this.#begin(), options.pingIntervalMs);
  }

  stop(): void {
    clearInterval(this.#interval);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #begin(): void {
    // With an interval shorter than the timeout, a round that still waits is not begun again.
    if (this.#timers.size > 0) return;
    const sockets = [...this.#sockets];
    this.#ping(sockets, Math.max(fewSockets, Math.ceil(sockets.length / maxTurns)));
  }

  #ping(sockets: readonly PingedSocket[], atOnce: number): void {
    const pinged: PingedSocket[] = [];
    for (const socket of sockets.slice(0, atOnce)) {
      socket.ping();
      if (!socket.isPaused) pinged.push(socket);
    }
    this.#later(this.#options.pongTimeoutMs, () => this.#check(pinged));
    const rest = sockets.slice(atOnce);
    if (rest.length > 0) this.#later(betweenTurnsMs, () => this.#ping(rest, atOnce));
  }

  #check(pinged: readonly PingedSocket[]): void {
    for (const socket of pinged) {
      if (socket.isAlive || socket.isPaused || !this.#sockets.has(socket)) continue;
      socket.close(closeCodes.heartbeatTimeout, 'heartbeat-timeout');
      // Nobody is there to answer the close.
      socket.terminate();
    }
  }

  #later(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delayMs);
    this.#timers.add(timer);
  }
}
