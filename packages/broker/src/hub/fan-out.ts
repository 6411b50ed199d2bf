import type { HubConnection } from './connection.ts';
import { MessageFrame } from './frame.ts';

/** Frames a message once and sends it to every connection. Returns how many there were. */
export const fanOut = (connections: Iterable<HubConnection>, text: string): number => {
  const frame = new MessageFrame(text);
  let matched = 0;
  for (const connection of connections) {
    connection.write(frame);
    matched += 1;
  }
  return matched;
};
