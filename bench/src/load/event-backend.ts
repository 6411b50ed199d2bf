/**
 * A backend as cheap as it can be: it answers each event with a `send`, and hardly looks at it. One that is written as
 * one would write a backend would cost more than the brokers before it.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { answerAsks } from '../harness/answer-asks.ts';
import { eventReply } from './events.ts';

export interface EventBackendOptions {
  /** How many events a POST may bring. @default 1 */
  readonly maxBatch?: number;
}

const headEnd = '\r\n\r\n';
const commands = `[{"type":"send","message":${eventReply}}]`;
/** Survives every encoding. */
const connect = 'session-connect';

const responseTo = (body: string, maxBatch: number): Buffer => {
  const header = maxBatch > 1 ? `wsbroker-batch: ${maxBatch}\r\n` : '';
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${header}content-length: ${body.length}${headEnd}${body}`,
  );
};

const typesIn = (form: string): string[] => {
  const events = JSON.parse(new URLSearchParams(form).get('events') ?? '[]') as {
    readonly message: { readonly type: string };
  }[];
  return events.map(({ message }) => message.type);
};

/** Answers to the requests of one connection. */
class Answering {
  readonly #socket: Socket;
  readonly #maxBatch: number;
  readonly #one: Buffer;
  readonly #none: Buffer;
  #text = '';

  constructor(socket: Socket, maxBatch: number) {
    this.#socket = socket;
    this.#maxBatch = maxBatch;
    this.#one = responseTo(commands, maxBatch);
    this.#none = responseTo('[]', maxBatch);
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    socket.on('data', (text: string) => this.#read(text));
  }

  #read(text: string): void {
    this.#text += text;
    for (;;) {
      const end = this.#text.indexOf(headEnd);
      if (end === -1) return;
      const head = this.#text.slice(0, end).toLowerCase();
      const length = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
      const size = end + headEnd.length + length;
      if (this.#text.length < size) return;
      const body = this.#text.slice(end + headEnd.length, size);
      this.#text = this.#text.slice(size);
      const events = Number(/\r\nwsbroker-batch: *(\d+)/.exec(head)?.[1] ?? 1);
      this.#socket.write(this.#answer(body, events));
    }
  }

  #answer(body: string, events: number): Buffer {
    const hasConnect = body.includes(connect);
    if (!body.startsWith('events=')) return hasConnect ? this.#none : this.#one;
    const answers = hasConnect
      ? typesIn(body).map((type) => (type === connect ? '[]' : commands))
      : Array<string>(events).fill(commands);
    return responseTo(`[${answers.join(',')}]`, this.#maxBatch);
  }
}

answerAsks({
  async listen({ maxBatch = 1 }: EventBackendOptions) {
    const server = createServer((socket) => new Answering(socket, maxBatch));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },
});
