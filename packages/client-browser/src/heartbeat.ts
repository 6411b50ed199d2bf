/**
 * Finds a network that is gone without a word: browsers show no ping frames, so the client asks when it has
 * heard nothing for a while.
 */
export class Heartbeat {
  readonly #ask: () => void;
  readonly #giveUp: () => void;
  readonly #timeoutMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number, ask: () => void, giveUp: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#ask = ask;
    this.#giveUp = giveUp;
  }

  /** Something was heard: asks after so much silence, gives up after `timeoutMs` more. 0 asks never. */
  heard(silenceMs: number): void {
    this.stop();
    if (!silenceMs) return;
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(this.#giveUp, this.#timeoutMs);
      this.#ask();
    }, silenceMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
