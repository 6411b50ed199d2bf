import { abnormalClosure } from './close-code.ts';
import type { SocketLike } from './socket-like.ts';

/**
 * Finds a network that is gone without a word: browsers show no ping frames, so the client asks when it has
 * heard nothing for a while.
 */
export class Heartbeat {
  readonly #socket: SocketLike;
  readonly #timeoutMs: number;
  readonly #giveUp: (code: number, reason: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: SocketLike, timeoutMs: number, giveUp: (code: number, reason: string) => void) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#giveUp = giveUp;
  }

  /** Something was heard: asks after so much silence, and then waits for an answer. 0 asks never. */
  heard(silenceMs: number): void {
    this.stop();
    if (silenceMs) this.#timer = setTimeout(() => this.#ask(), silenceMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #ask(): void {
    this.#socket.send('["ping"]');
    this.#timer = setTimeout(
      () => this.#giveUp(abnormalClosure, `no answer to a ping within ${this.#timeoutMs} ms`),
      this.#timeoutMs,
    );
  }
}
