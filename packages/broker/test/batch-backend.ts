import { type BatchEvent, decodeBatch, decodeNotification } from '@wsbroker/protocol';
import { Inbox } from '@wsbroker/testkit';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** One POST, with one event or several. */
export interface Post {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly isBatch: boolean;
  readonly events: readonly BatchEvent[];
}

interface PostAnswer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string goes out as it is, all else as JSON. */
  readonly body?: unknown;
}

export type AnswerPost = (post: Post) => PostAnswer | Promise<PostAnswer>;

/** Says that it takes so many, and does nothing. */
export const takesBatches = (max = 100): AnswerPost => answeringEach(max, () => []);

/** Says that it takes so many, and answers each by itself. */
export const answeringEach =
  (max: number, answer: (event: BatchEvent, post: Post) => readonly unknown[] | null): AnswerPost =>
  (post) => {
    const answers = post.events.map((event) => answer(event, post));
    return {
      headers: { 'wsbroker-batch': String(max) },
      ...(post.isBatch || answers[0] ? { body: post.isBatch ? answers : answers[0] } : { status: 500 }),
    };
  };

/** An HTTP backend that takes batches, and keeps each POST. */
export class BatchBackend implements AsyncDisposable {
  readonly #inbox = new Inbox<Post>('a POST');
  readonly #server = createServer((request, response) => {
    // Brokers hang up in these tests on purpose.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    void text(request).then(
      async (body) => {
        const post = postOf(request.headers, body);
        this.#inbox.put(post);
        const { status = 200, headers, body: answer } = await this.answer(post);
        if (response.destroyed) return;
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(typeof answer === 'string' ? answer : JSON.stringify(answer ?? []));
      },
      () => undefined,
    );
  });
  #port = 0;
  answer: AnswerPost;

  constructor(answer: AnswerPost) {
    this.answer = answer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get posts(): readonly Post[] {
    return this.#inbox.all;
  }

  next(predicate?: (post: Post) => boolean): Promise<Post> {
    return this.#inbox.next(predicate);
  }

  /** After {@link stop} on the same port as before. */
  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Like a process that was killed. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

export const startBatchBackend = async (answer: AnswerPost = takesBatches()): Promise<BatchBackend> => {
  const backend = new BatchBackend(answer);
  await backend.start();
  return backend;
};

const postOf = (headers: IncomingHttpHeaders, body: string): Post => {
  const contentType = headers['content-type'] ?? '';
  const isBatch = headers['wsbroker-batch'] !== undefined;
  if (isBatch) {
    const batch = decodeBatch({ contentType, text: body });
    if (!batch.ok) throw new Error(batch.error.message);
    return { headers, body, isBatch, events: batch.value.events };
  }
  const event = decodeNotification({ contentType, text: body });
  if (!event.ok) throw new Error(event.error.message);
  const { 'webhook-id': id, 'wsbroker-attempt': attempt } = headers;
  return { headers, body, isBatch, events: [{ id: String(id), attempt: Number(attempt), ...event.value }] };
};
