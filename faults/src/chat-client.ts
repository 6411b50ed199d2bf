import { type Client, createClient, type Sent } from '@wsbroker/client-browser';
import type { History } from '@wsbroker/testkit';
import type { countedSocket } from './counted-socket.ts';

export interface ChatClientOptions {
  readonly name: string;
  readonly url: string;
  readonly history: History;
  readonly socketClass: ReturnType<typeof countedSocket>;
  /** What it says goes to everybody who is in it; without one, back to itself. */
  readonly room?: string;
  /** The most that it waits before it comes back. @default 500 */
  readonly backoffMaxMs?: number;
}

/** The browser's client, putting everything that it says and is told into the history. */
export class ChatClient implements AsyncDisposable {
  readonly name: string;
  readonly client: Client;
  /** Resolves once the backend has taken it in. */
  readonly joined: Promise<void>;
  /** From a message's start until it is delivered, in milliseconds, in the order of delivery. */
  readonly latenciesMs: number[] = [];
  /** How often it was told to fetch its state anew. */
  gaps = 0;
  n = 0;
  readonly #history: History;
  readonly #unsettled = new Set<Promise<unknown>>();

  constructor({ name, url, history, socketClass, room, backoffMaxMs = 500 }: ChatClientOptions) {
    this.name = name;
    this.#history = history;
    this.client = createClient({
      url,
      WebSocket: socketClass,
      autoConnect: false,
      backoff: { minMs: Math.min(50, backoffMaxMs), maxMs: backoffMaxMs },
      maxQueuedMessages: 10_000,
      maxQueuedBytes: 2 ** 24,
      connectTimeoutMs: 60_000,
      // What fails is in the history.
      onError: () => undefined,
      firstMessages: () => [{ type: 'join', client: name, room }],
    });
    const { client } = this;
    this.joined = new Promise((resolve) => {
      client.on('joined', () => resolve());
    });
    client.on('said', ({ from, n }) => {
      history.arrivedDown.push({ from: from as string, n: n as number, to: name, at: name });
    });
    client.onGap(() => {
      this.gaps += 1;
      history.excuseDown(name);
    });
    client.subscribe(({ connection }) => {
      if (connection !== undefined) history.opened(name, connection);
    });
    client.connect();
  }

  /** Says its next thing. */
  say(type = 'say', fields: object = {}): Sent {
    const startMs = performance.now();
    this.n += 1;
    const numbered = { client: this.name, n: this.n };
    const sent = this.client.send({ type, ...numbered, ...fields });
    const history = this.#history;
    history.sent.push(numbered);
    let isAcknowledged = false;
    const follow = (): void => {
      if (isAcknowledged || !(sent.state === 'acknowledged' || sent.state === 'delivered')) return;
      isAcknowledged = true;
      history.acknowledged.push(numbered);
    };
    sent.subscribe(follow);
    const settled = sent.settled.then((end) => {
      this.#unsettled.delete(settled);
      if (end.outcome === 'delivered') {
        follow();
        this.latenciesMs.push(performance.now() - startMs);
      } else if (end.outcome === 'failed' && end.code !== 'closed') {
        // Closed by this test: the broker has promised what it has promised.
        history.failed.push(numbered);
      }
    });
    this.#unsettled.add(settled);
    return sent;
  }

  /** How much of what it said has not come to an end yet. */
  get unsettled(): number {
    return this.#unsettled.size;
  }

  async allSettled(): Promise<void> {
    while (this.#unsettled.size > 0) await Promise.all(this.#unsettled);
  }

  close(): void {
    this.client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await Promise.resolve();
  }
}
