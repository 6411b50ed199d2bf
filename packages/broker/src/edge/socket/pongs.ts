/** Past so much that a client has not read it is owed its pong. */
const maxUnreadBytes = 16_384;

/** So many pings of one slice of what arrives are answered each, at its place between other frames. */
const maxAtOnce = 16;

const finalPong = 0x8a;
const emptyPong = Buffer.from([finalPong, 0]);

const pongFrame = (payload: Buffer): Buffer =>
  payload.length === 0 ? emptyPong : Buffer.concat([Buffer.from([finalPong, payload.length]), payload]);

/** What is needed of the socket that is pinged. */
export interface PingingSocket {
  /** Behind all that was written before. */
  write(frame: Buffer): void;
  /** What the client has not read, and what it is owed. */
  readonly waitingBytes: number;
}

/**
 * Answers the pings of one socket. Of many that arrive together, and of those whose answers would wait behind much
 * that is not read, the last is answered, as RFC 6455 (section 5.5.3) has it: who pings without end can fill neither
 * the memory nor the line with it.
 *
 * `ws` answers each, and cuts a socket when more than 60 answers wait at once: the pings of one read from the network
 * are enough for that, however fast the client reads.
 */
export class Pongs {
  readonly #socket: PingingSocket;
  #atOnce = 0;
  #owed: Buffer | undefined;

  constructor(socket: PingingSocket) {
    this.#socket = socket;
  }

  answer(payload: Buffer): void {
    this.#atOnce += 1;
    if (this.#atOnce <= maxAtOnce && this.#hasRoom) {
      this.#write(payload);
      return;
    }
    // A copy: what `ws` gives is a view of all that was read with it.
    this.#owed = payload.length === 0 ? payload : Buffer.from(payload);
  }

  /** To be called after each slice that was read, and now and then: the client may be reading again. */
  settle(): void {
    this.#atOnce = 0;
    if (this.#owed && this.#hasRoom) this.#write(this.#owed);
  }

  get #hasRoom(): boolean {
    return this.#socket.waitingBytes <= maxUnreadBytes;
  }

  #write(payload: Buffer): void {
    this.#owed = undefined;
    this.#socket.write(pongFrame(payload));
  }
}
