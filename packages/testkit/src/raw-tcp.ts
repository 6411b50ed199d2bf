import { connect, type Socket } from 'node:net';

/** A bare TCP connection: for requests and frames that no client library would write. */
export class RawTcp implements AsyncDisposable {
  readonly socket: Socket;
  /** Resolves when the peer has nothing more to say; this half stays open. */
  readonly ended: Promise<void>;
  /** Resolves when the connection is gone, however it ended. */
  readonly closed: Promise<void>;
  readonly #chunks: Buffer[] = [];
  #checks: (() => void)[] = [];
  #isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    // A connection that is reset ends in `close` as well; without a listener it would end the process.
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#check();
    });
    this.ended = new Promise((resolve) => {
      socket.once('end', resolve);
      socket.once('close', () => resolve());
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true;
        this.#check();
        resolve();
      });
    });
  }

  /** Everything received so far. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** The same as text, one character a byte. */
  get text(): string {
    return this.bytes.toString('latin1');
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** Resolves with the match once what was received matches; rejects when the connection ends without. */
  receiving(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#checks = this.#checks.filter((other) => other !== check);
      };
      const refuse = (why: string): void => {
        settle();
        reject(
          new Error(
            `Waited for ${String(pattern)}: ${why}. Received: ${JSON.stringify(this.text.slice(-500))}`,
          ),
        );
      };
      const check = (): void => {
        const match = this.text.match(pattern);
        if (match) {
          settle();
          resolve(match);
        } else if (this.#isClosed) {
          refuse('the connection was closed');
        }
      };
      const timer = setTimeout(() => refuse(`none within ${timeoutMs} ms`), timeoutMs);
      this.#checks.push(check);
      check();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  #check(): void {
    for (const check of [...this.#checks]) check();
  }
}

/** Opens a TCP connection to a port of this machine. */
export const connectTcp = (port: number, host = '127.0.0.1'): Promise<RawTcp> =>
  new Promise((resolve, reject) => {
    // What ends while the other half goes on is what some tests are about.
    const socket = connect({ port, host, allowHalfOpen: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(new RawTcp(socket));
    });
  });
