import { connect, type Socket } from 'node:net';

/** A body that is POSTed again and again, each time with another moment in it. */
export interface Publication {
  readonly port: number;
  readonly path: string;
  readonly contentType: string;
  /** Holds {@link momentPlaceholder} where the moment of sending goes. */
  readonly body: string;
  /** The answer comes before the message has gone out: what is outstanding is what has not arrived. */
  readonly isAnsweredEarly?: boolean;
}

/** As many digits as microseconds since 1970 have, so that all bodies are of one length. */
export const momentPlaceholder = '1111111111111111';

/** The moment, in microseconds since 1970. */
export const momentUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1_000);

const chunkedEnd = '0\r\n\r\n';

/** Whether a response is there to its last byte. */
const isWhole = (response: string): boolean => {
  const end = response.indexOf('\r\n\r\n');
  if (end === -1) return false;
  const head = response.slice(0, end).toLowerCase();
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) return response.length >= end + 4 + Number(length);
  return !head.includes('\r\ntransfer-encoding: chunked') || response.endsWith(chunkedEnd);
};

/** POSTs one at a time on a connection that it keeps, by hand: a client of Node's would be a part of the load. */
export class Poster {
  posts = 0;
  /** Is asked after each answer whether the next POST may go; if not, `start` lets it go. */
  mayGoOn: () => boolean = () => true;
  readonly #publication: Publication;
  readonly #bytes: Buffer;
  readonly #momentAt: number;
  #socket: Socket | undefined;
  #response = '';
  #isRunning = false;
  #isWaiting = false;
  #isClosed = false;
  #whenIdle: (() => void) | undefined;

  constructor(publication: Publication) {
    const { path, port, contentType, body } = publication;
    this.#publication = publication;
    this.#bytes = Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: ${contentType}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    this.#momentAt = this.#bytes.indexOf(momentPlaceholder);
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    if (!this.#isWaiting) this.#post();
  }

  /** Resolves once the last answer is there. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    if (this.#isWaiting) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }

  close(): void {
    this.#isClosed = true;
    this.#isRunning = false;
    this.#socket?.destroy();
  }

  #post(): void {
    this.#isWaiting = true;
    this.#response = '';
    this.#bytes.write(String(momentUs()), this.#momentAt, 'latin1');
    this.#socket ??= this.#connect();
    // A copy: the next one is written into the same bytes while this one may still wait.
    this.#socket.write(Buffer.from(this.#bytes));
  }

  #connect(): Socket {
    const socket = connect({ port: this.#publication.port, host: '127.0.0.1', noDelay: true });
    socket.setEncoding('latin1');
    let hasAnswered = false;
    socket.on('data', (text: string) => {
      hasAnswered = true;
      this.#response += text;
      if (isWhole(this.#response)) this.#answered();
    });
    socket.on('error', (error) => {
      if (!hasAnswered) process.emitWarning(error);
    });
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      // A server ends a connection that was quiet for 5 s, perhaps at this very moment: nobody has read the POST.
      if (this.#isWaiting && hasAnswered && !this.#isClosed) this.#post();
    });
    return socket;
  }

  #answered(): void {
    const [, status = ''] = this.#response.split(' ', 2);
    if (!status.startsWith('2')) throw new Error(`a POST was answered with ${this.#response.slice(0, 300)}`);
    this.posts += 1;
    this.#isWaiting = false;
    if (/\r\nconnection: close\r\n/i.test(this.#response)) {
      this.#socket?.destroy();
      this.#socket = undefined;
    }
    if (!this.#isRunning) this.#whenIdle?.();
    else if (this.mayGoOn()) this.#post();
    else this.#isRunning = false;
  }
}
