import { setImmediate as nextTurn } from 'node:timers/promises';

/** After so long, others get their turn of the event loop before long work goes on. */
const maxTurnMs = 10;

/** Long work in pieces, so that others are served meanwhile. */
export class SharedTurns {
  #beganMs = performance.now();

  /** Looked at between two pieces: then the {@link next} turn is to be awaited. */
  get isOver(): boolean {
    return performance.now() - this.#beganMs > maxTurnMs;
  }

  /** Resolves in a turn of its own. */
  async next(): Promise<void> {
    await nextTurn();
    this.#beganMs = performance.now();
  }
}
