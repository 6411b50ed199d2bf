import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createSecureServer,
  type Server as SecureServer,
  type ServerOptions as SecureServerOptions,
} from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { Inbox } from './inbox.ts';
import { testServers } from './leak-check.ts';
import { misbehave, type Misbehaviour } from './misbehaviour.ts';

/** An event as it arrived. */
export interface BackendEvent {
  readonly message: { readonly type: string; readonly [field: string]: unknown };
  readonly connection: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
  /** Path and query of the request. */
  readonly path: string;
  readonly encoding: 'form' | 'json';
  /** As it came, before it was read as a form or as JSON. */
  readonly body: string;
  /** The header `webhook-id`, the same on every attempt; empty when there is none. */
  readonly id: string;
  /** The header `wsbroker-attempt`; 0 when there is none. */
  readonly attempt: number;
  readonly receivedAtMs: number;
}

export interface HttpAnswer {
  /** @default 200 */
  readonly status?: number;
  /** A string or bytes go out as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Waits so long before it answers. */
  readonly delayMs?: number;
}

/** A list of commands (nothing: an empty one), any HTTP answer, or a way to misbehave. */
export type Answer = readonly unknown[] | HttpAnswer | Misbehaviour | undefined | void;
export type AnswerTo = (event: BackendEvent) => Answer | Promise<Answer>;

export interface FakeBackendOptions {
  /** With it the backend speaks https:// alone. */
  readonly tls?: SecureServerOptions;
  /** @default a free one */
  readonly port?: number;
}

/** An HTTP backend that remembers what it was told, answers as a test wants, and can be down. */
export class FakeBackend implements AsyncDisposable {
  /** Requests that were no event: what was wrong with each, and its body. */
  readonly refused: { reason: string; body: string }[] = [];
  maxRequestsInFlight = 0;
  readonly #inbox = new Inbox<BackendEvent>('an event at the backend');
  readonly #inFlight = new Set<IncomingMessage>();
  readonly #tls: SecureServerOptions | undefined;
  #answer: AnswerTo;
  #server: Server | SecureServer | undefined;
  #port: number;

  constructor(answer: AnswerTo, { tls, port = 0 }: FakeBackendOptions = {}) {
    this.#answer = answer;
    this.#port = port;
    this.#tls = tls;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#tls ? 'https' : 'http'}://127.0.0.1:${this.#port}/`;
  }

  /** Every event so far, in the order of arrival; a repeated attempt is there again. */
  get events(): readonly BackendEvent[] {
    return this.#inbox.all;
  }

  get requestsInFlight(): number {
    return this.#inFlight.size;
  }

  get isUp(): boolean {
    return this.#server !== undefined;
  }

  /** The first event not yet taken (that satisfies the predicate). */
  next(predicate?: (event: BackendEvent) => boolean, timeoutMs?: number): Promise<BackendEvent> {
    return this.#inbox.next(predicate, timeoutMs);
  }

  /** From now on events are answered so. */
  answerWith(answer: AnswerTo | Answer): void {
    this.#answer = typeof answer === 'function' ? answer : () => answer;
  }

  /** Listens; after {@link stop} on the same port as before. */
  async start(): Promise<void> {
    if (this.#server) return;
    const take = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#take(request, response);
    const server = this.#tls ? createSecureServer(this.#tls, take) : createServer(take);
    testServers.add(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', () => resolve());
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts every request in flight and refuses connections, like a process that was killed. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#inFlight.add(request);
    this.maxRequestsInFlight = Math.max(this.maxRequestsInFlight, this.#inFlight.size);
    response.once('close', () => this.#inFlight.delete(request));
    // Peers hang up in these tests on purpose.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const body = await textOf(request);
    if (body === undefined) return;
    let answer: Answer;
    try {
      const event = eventOf(request, body);
      this.#inbox.put(event);
      answer = await this.#answer(event);
    } catch (error) {
      this.refused.push({ reason: (error as Error).message, body });
      answer = { status: 500, body: `fake backend: ${(error as Error).message}` };
    }
    await give(answer, response);
  }
}

/**
 * Starts a backend on a free port of 127.0.0.1.
 *
 * @example
 * await using backend = await startFakeBackend((event) =>
 *   event.message.type === 'client-say' ? [{ type: 'send', message: { type: 'said' } }] : [],
 * );
 */
export const startFakeBackend = async (
  answer: AnswerTo | Answer = [],
  options: FakeBackendOptions = {},
): Promise<FakeBackend> => {
  // Not one of the system's choice: while it is stopped, a connection of another test might be given it.
  const port = options.port ?? (await freePort());
  const backend = new FakeBackend(() => [], { ...options, port });
  backend.answerWith(answer);
  await backend.start();
  return backend;
};

const give = async (answer: Answer, response: ServerResponse): Promise<void> => {
  if (typeof answer === 'string') {
    misbehave(answer, response);
    return;
  }
  const {
    status = 200,
    body,
    headers,
    delayMs = 0,
  } = isList(answer) ? { body: answer } : (answer ?? { body: [] });
  if (delayMs > 0) await delay(delayMs);
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' || body instanceof Uint8Array ? body : (JSON.stringify(body) ?? ''));
};

const isList = (answer: Answer): answer is readonly unknown[] => Array.isArray(answer);

/** The whole body, or nothing when the sender hung up before its end. */
const textOf = (request: IncomingMessage): Promise<string | undefined> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('close', () => resolve(undefined));
  });

const eventOf = (request: IncomingMessage, body: string): BackendEvent => {
  const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
  const fields = isJson ? (JSON.parse(body) as Record<string, unknown>) : formFieldsOf(body);
  const { message, connection } = fields as {
    message?: BackendEvent['message'];
    connection?: Record<string, unknown>;
  };
  if (typeof message?.type !== 'string' || typeof connection !== 'object') {
    throw new Error(`expected message and connection, got ${request.method ?? ''} ${body.slice(0, 200)}`);
  }
  return {
    message,
    connection,
    headers: request.headers,
    path: request.url ?? '',
    encoding: isJson ? 'json' : 'form',
    body,
    id: String(request.headers['webhook-id'] ?? ''),
    attempt: Number(request.headers['wsbroker-attempt'] ?? 0),
    receivedAtMs: Date.now(),
  };
};

const formFieldsOf = (body: string): Record<string, unknown> =>
  Object.fromEntries(
    [...new URLSearchParams(body)].map(([name, json]) => [name, JSON.parse(json) as unknown]),
  );
