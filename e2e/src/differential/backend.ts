import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EventPost {
  /** From the seed it may also be a text, a number or a list. */
  readonly message: Record<string, unknown>;
  readonly connection: Record<string, unknown>;
  /** Without its parameters. */
  readonly contentType: string;
  /** The names of the form's fields, in order. */
  readonly fields: readonly string[];
  /** The headers that are about the event. */
  readonly eventHeaders: readonly string[];
}

export interface BackendAnswer {
  readonly status?: number;
  readonly body: string;
}

export type AnswerTo = (event: EventPost) => BackendAnswer | Promise<BackendAnswer>;

/** Takes events as both brokers send them: urlencoded, or as multipart. */
export class DifferentialBackend implements AsyncDisposable {
  readonly #server: Server;
  #answer: AnswerTo = () => ({ body: '[]' });
  #record: (event: EventPost) => void = () => {};
  #inFlight = 0;
  #port = 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** A new step: where its events go, and that they are answered with nothing to do. */
  begin(record: (event: EventPost) => void): void {
    this.#record = record;
    this.#answer = () => ({ body: '[]' });
  }

  answerWith(answer: AnswerTo): void {
    this.#answer = answer;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** As a process that was killed; {@link start} brings it back on the same port. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#inFlight += 1;
    response.once('close', () => (this.#inFlight -= 1));
    try {
      const event = await eventOf(request);
      this.#record(event);
      const { status = 200, body } = await this.#answer(event);
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    } catch (error) {
      // Status 400, so that no broker tries again; the step's trace then lacks what it should have.
      response.writeHead(400).end(String(error));
    }
  }
}

/** What a trace could not show as it came: numbers that JavaScript writes otherwise, and halves of characters. */
const asWritten = (_key: string, value: unknown, { source }: { readonly source?: string } = {}): unknown => {
  if (typeof value === 'string') return value.isWellFormed() ? value : `the text ${JSON.stringify(value)}`;
  const isOtherwise = typeof value === 'number' && source !== undefined && source !== String(value);
  return isOtherwise ? `the number ${source}` : value;
};

const eventOf = async (request: IncomingMessage): Promise<EventPost> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const contentType = request.headers['content-type'] ?? '';
  const body = new Response(Buffer.concat(chunks), { headers: { 'content-type': contentType } });
  const form = await body.formData();
  const json = (field: string): unknown => JSON.parse(form.get(field) as string, asWritten);
  return {
    message: json('message') as EventPost['message'],
    connection: json('connection') as EventPost['connection'],
    contentType: contentType.split(';', 1)[0] ?? '',
    fields: [...form.keys()],
    eventHeaders: Object.keys(request.headers).filter((name) => /^(?:webhook|wsbroker)-/.test(name)),
  };
};

/** A list of commands as an answer. */
export const commands = (...list: unknown[]): BackendAnswer => ({ body: JSON.stringify(list) });
