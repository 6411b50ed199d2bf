import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An event, with the texts as they came: a parsed message would not show what a number was written like. */
export interface RawEvent {
  /** The message's JSON text. */
  readonly text: string;
  readonly type: string;
  readonly connection: Readonly<Record<string, unknown>>;
  readonly connectionText: string;
}

/** Commands, or whatever else is to be done with the request. */
export type BackendAnswer = readonly unknown[] | ((response: ServerResponse) => void) | undefined;

const before = '{"message":';
const between = ',"connection":';

/** Where the object that begins here ends. Both may hold the name of the other as a key. */
const endOfObject = (text: string, start: number): number => {
  let depth = 0;
  for (const { 0: token, index } of text.slice(start).matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === '{') depth += 1;
    if (token === '}') depth -= 1;
    if (depth === 0) return start + index + 1;
  }
  throw new Error('no object');
};

/** An HTTP backend that takes events as JSON, and keeps none of them. */
export class RawBackend implements AsyncDisposable {
  /** What is done with an event that was not answered first. Without an answer it is an empty list. */
  onEvent: (event: RawEvent) => BackendAnswer = () => undefined;
  /** The first request that was no event as promised. */
  problem: string | undefined;
  readonly #server: Server;
  readonly #answerFirst: (event: RawEvent) => readonly unknown[] | undefined;

  constructor(answerFirst: (event: RawEvent) => readonly unknown[] | undefined) {
    this.#answerFirst = answerFirst;
    this.#server = createServer((request, response) => this.#take(request, response));
    // A broker keeps its connections; one that is closed between two requests would be an attempt that failed.
    this.#server.keepAliveTimeout = 0;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const event = this.#read(body);
      const answer = event && (this.#answerFirst(event) ?? this.onEvent(event));
      if (typeof answer === 'function') return answer(response);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? []));
    });
  }

  #read(body: string): RawEvent | undefined {
    try {
      const { message, connection } = JSON.parse(body) as {
        message: { type: string };
        connection: Record<string, unknown>;
      };
      const end = endOfObject(body, before.length);
      const text = body.slice(before.length, end);
      if (!/^(client-.*|session-connect|session-disconnect)$/.test(message.type)) {
        throw new Error(`an event of type ${JSON.stringify(message.type)}`);
      }
      const connectionText = body.slice(end + between.length, -1);
      return { text, type: message.type, connection, connectionText };
    } catch (error) {
      this.problem ??= `${(error as Error).message}: ${body.slice(0, 500)}`;
      return undefined;
    }
  }
}
