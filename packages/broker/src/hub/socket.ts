/**
 * One WebSocket as the hub needs it: somewhere to write finished frames.
 * The edge implements it; nothing else runs back up.
 */
export interface Socket {
  /** Writes a finished frame. A socket that is closing or that does not read drops it. */
  write(frame: Buffer): void;
}
