import type { Duplex } from 'node:stream';

/** Past so much that a client has not read it is owed its pong. */
const maxUnreadBytes = 16_384;

const finalPong = 0x8a;
const emptyPong = Buffer.from([finalPong, 0]);

const pongFrame = (payload: Buffer): Buffer =>
  payload.length === 0 ? emptyPong : Buffer.concat([Buffer.from([finalPong, payload.length]), payload]);

/**
 * Answers the pings of one socket.
 *
 * `ws` would cut a socket when more than 60 of its answers wait at once: the pings of one read from the network are
 * enough for that, however fast the client reads. Here those that wait behind much else become one, the last, as RFC
 * 6455 (section 5.5.3) has it: who pings and does not read can neither fill the memory nor is cut for it.
 */
export class Pongs {
  readonly #stream: Duplex;
  #owed: Buffer | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  answer(payload: Buffer): void {
    if (this.#stream.writableLength <= maxUnreadBytes) {
      this.#owed = undefined;
      this.#stream.write(pongFrame(payload));
      return;
    }
    // A copy: what `ws` gives is a view of all that was read with it.
    this.#owed = Buffer.from(payload);
  }

  /** To be called now and then: gives what is owed, once the client reads. */
  settle(): void {
    if (this.#owed) this.answer(this.#owed);
  }
}
