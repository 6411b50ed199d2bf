import type { HubConnection } from './connection.ts';
import { textFrame } from './frame.ts';

/** Frames a message once and writes it to every connection. Returns how many there were. */
export const fanOut = (connections: Iterable<HubConnection>, text: string): number => {
  let frame: Buffer | undefined;
  let matched = 0;
  for (const connection of connections) {
    frame ??= textFrame(text);
    connection.write(frame);
    matched += 1;
  }
  return matched;
};
