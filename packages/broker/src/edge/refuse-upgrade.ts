import type { Duplex } from 'node:stream';

/** Answers an upgrade that is not taken, and does not wait for the peer to hang up too. */
export const refuseUpgrade = (stream: Duplex, status: string, text: string): void => {
  // After an upgrade nobody else listens: a peer that is gone by now would end the process.
  stream.on('error', () => {});
  stream.once('finish', () => stream.destroy());
  stream.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
};
