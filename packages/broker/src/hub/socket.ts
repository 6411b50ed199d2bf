import type { TurnEnd } from './loop-turn.ts';

/**
 * One WebSocket as the hub needs it: somewhere to write finished frames.
 * The edge implements it; nothing else runs back up.
 */
export interface Socket {
  /**
   * Writes finished frames, at the end of this turn of the event loop, with all else that the socket is owed by
   * then. A socket that is closing or that does not read drops it.
   */
  write(frames: Buffer): void;
  /** Runs this at the end of the turn, before anything is written. */
  atTurnEnd(end: TurnEnd): void;
}
