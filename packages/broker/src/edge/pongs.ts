import type { Duplex } from 'node:stream';

/** Past so much that a client has not read it is owed its pong. */
const maxUnreadBytes = 16_384;

const finalPong = 0x8a;
const emptyPong = Buffer.from([finalPong, 0]);

const pongFrame = (payload: Buffer): Buffer =>
  payload.length === 0 ? emptyPong : Buffer.concat([Buffer.from([finalPong, payload.length]), payload]);

/**
 * Answers the pings of one socket: of those that arrive together the last, as RFC 6455 (section 5.5.3) has it, and
 * that only when little waits to be read. So who pings without end costs no more than who does not, and who does not
 * read the answers cannot fill the memory with them.
 *
 * `ws` answers each, and cuts a socket when more than 60 answers wait at once: the pings of one read from the network
 * are enough for that, however fast the client reads.
 */
export class Pongs {
  readonly #stream: Duplex;
  #owed: Buffer | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  owe(payload: Buffer): void {
    // A copy: what `ws` gives is a view of all that was read with it.
    this.#owed = payload.length === 0 ? payload : Buffer.from(payload);
  }

  /** To be called after each read, and now and then: the client may be reading again. */
  settle(): void {
    if (this.#owed === undefined || this.#stream.writableLength > maxUnreadBytes) return;
    this.#stream.write(pongFrame(this.#owed));
    this.#owed = undefined;
  }
}
