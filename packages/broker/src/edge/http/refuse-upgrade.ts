import type { Duplex } from 'node:stream';

/** Why a client is not taken now, and when it may try again. */
export interface NotNow {
  readonly why: string;
  readonly retryAfterSeconds: number;
}

/** Answers an upgrade that is not taken, and does not wait for the peer to hang up too. */
export const refuseUpgrade = (stream: Duplex, status: string, text: string): void =>
  refuse(stream, `HTTP/1.1 ${status}`, text);

/** The same, of one that may be taken later. */
export const refuseForNow = (stream: Duplex, { why, retryAfterSeconds }: NotNow): void =>
  refuse(stream, `HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${retryAfterSeconds}`, why);

const refuse = (stream: Duplex, head: string, text: string): void => {
  // After an upgrade nobody else listens: a peer that is gone by now would end the process.
  stream.on('error', () => {});
  stream.once('finish', () => stream.destroy());
  stream.end(
    `${head}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
};
