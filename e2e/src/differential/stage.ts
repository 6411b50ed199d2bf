import {
  connectRaw,
  type PostOptions,
  postCommands,
  type PostResult,
  postText,
  UpgradeRefused,
} from '@wsbroker/testkit';
import { setTimeout as delay } from 'node:timers/promises';
import { type AnswerTo, commands, type DifferentialBackend, type EventPost } from './backend.ts';
import type { HostedBroker } from './hosted-broker.ts';

/**
 * What happened in a step, by where it was seen: `events of a` at the backend, `client a`, `post`, `application`,
 * `log`, `broker`. In what order things happened in two places is left to chance, and not in it.
 */
export type Trace = Readonly<Record<string, readonly unknown[]>>;

export interface ConnectOptions {
  readonly cookie?: string;
  /** `x-forwarded-for`; without it, what a proxy would send for 192.0.2.7. */
  readonly forwardedFor?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly path?: string;
  readonly protocols?: string[];
  readonly compress?: boolean;
}

export interface StageClient {
  send(message: unknown): void;
  sendText(text: string | Uint8Array): void;
  close(): Promise<void>;
  readonly socket: { readonly protocol: string; readonly extensions: string; terminate(): void };
  /** The header that the client chose. */
  readonly websocketKey: string;
}

/** So often the broker's event loop must have turned without anything new before a step counts as settled. */
const quietTurns = 8;
const settleTimeoutMs = 15_000;

/**
 * One step of the script, on one broker: connects clients, posts commands, answers events, and keeps a
 * trace of all that it sees, with what differs from run to run taken out.
 */
export class Stage {
  readonly #broker: HostedBroker;
  readonly #backend: DifferentialBackend;
  readonly #trace = new Map<string, unknown[]>();
  readonly #clients: StageClient[] = [];
  /** Each connection's key, and what stands for it in the trace. */
  readonly #names = new Map<string, string>();
  /** `wskey` of each event, as it came. */
  readonly wskeys: unknown[] = [];
  readonly #types: unknown[] = [];
  #entries = 0;
  #connecting: string | undefined;

  constructor(broker: HostedBroker, backend: DifferentialBackend) {
    this.#broker = broker;
    this.#backend = backend;
    broker.record = (channel, entry) => {
      this.#learnKey((entry as { wskey?: unknown }).wskey);
      this.note(channel, entry);
    };
    backend.begin((event) => this.#onEvent(event));
  }

  get backend(): DifferentialBackend {
    return this.#backend;
  }

  get broker(): HostedBroker {
    return this.#broker;
  }

  /** Puts something into the trace. */
  note(channel: string, entry: unknown): void {
    this.#entries += 1;
    const entries = this.#trace.get(channel) ?? [];
    entries.push(entry);
    this.#trace.set(channel, entries);
  }

  answer(answer: AnswerTo): void {
    this.#backend.answerWith(answer);
  }

  /** Answers events of this type with these commands, others with none. */
  answerTo(type: string, ...list: unknown[]): void {
    this.answer(({ message }) => (message['type'] === type ? commands(...list) : commands()));
  }

  async connect(name: string, options: ConnectOptions = {}): Promise<StageClient | undefined> {
    const forwardedFor = 'forwardedFor' in options ? options.forwardedFor : '192.0.2.7';
    let websocketKey = '';
    this.#connecting = name;
    try {
      const client = await connectRaw(`ws://${this.#broker.host}${options.path ?? '/'}`, {
        ...(options.protocols ? { protocols: options.protocols } : {}),
        headers: {
          ...(options.cookie === undefined ? {} : { cookie: options.cookie }),
          ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
          ...options.headers,
        },
        ws: {
          perMessageDeflate: options.compress ?? false,
          finishRequest: (request) => {
            websocketKey = String(request.getHeader('sec-websocket-key'));
            request.end();
          },
        },
      });
      this.#names.set(websocketKey, name);
      client.socket.on('message', (data) =>
        this.note(`client ${name}`, received((data as Buffer).toString())),
      );
      void client.closed.then(({ code }) => this.note(`client ${name}`, { closed: code }));
      const stageClient: StageClient = {
        send: (message) => client.send(JSON.stringify(message)),
        sendText: (text) => (typeof text === 'string' ? client.send(text) : client.sendBytes(text)),
        close: async () => void (await client.close()),
        socket: client.socket,
        websocketKey,
      };
      this.#clients.push(stageClient);
      await this.settle();
      this.#connecting = undefined;
      return stageClient;
    } catch (error) {
      if (!(error instanceof UpgradeRefused)) throw error;
      this.note(`client ${name}`, { refused: error.status });
      return undefined;
    }
  }

  /** POSTs commands; the answer is in the trace. */
  async post(list: unknown, options: PostOptions = {}): Promise<void> {
    this.#noteAnswer(await postCommands(`http://${this.#broker.host}/`, list, options));
    await this.settle();
  }

  /** POSTs a body as it is; the answer is in the trace. */
  async postText(text: string, options: PostOptions = {}): Promise<void> {
    this.#noteAnswer(await postText(`http://${this.#broker.host}/`, text, options));
    await this.settle();
  }

  /** POSTs commands for what they do: their results are another step's affair. */
  async run(...list: unknown[]): Promise<void> {
    await postCommands(`http://${this.#broker.host}/`, list);
    await this.settle();
  }

  /**
   * Waits until nothing more happens: the broker's event loop has turned several times, no event is being
   * answered, and the trace has not grown. That nothing comes cannot be awaited in any other way.
   */
  async settle(): Promise<void> {
    const untilMs = Date.now() + settleTimeoutMs;
    for (let quiet = 0; quiet < quietTurns; quiet += 1) {
      const seen = this.#entries;
      await this.#broker.passThrough();
      await delay(5);
      if (this.#entries > seen || this.#backend.inFlight > 0) quiet = -1;
      if (Date.now() > untilMs) throw new Error(`the step does not settle: ${JSON.stringify(this.trace())}`);
    }
  }

  /** Waits until there are so many events of this type. */
  async untilEvents(type: string, count = 1): Promise<void> {
    const untilMs = Date.now() + settleTimeoutMs;
    while (this.#types.filter((seen) => seen === type).length < count && Date.now() < untilMs)
      await delay(10);
    await this.settle();
  }

  /** Closes what is open; nothing of it is in the trace. */
  async end(): Promise<Trace> {
    const trace = this.trace();
    this.#broker.record = () => {};
    this.#backend.begin(() => {});
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.settle();
    return trace;
  }

  trace(): Trace {
    let text = JSON.stringify(Object.fromEntries(this.#trace), (_key, value: unknown) => shortened(value));
    for (const [wskey, name] of this.#names) text = text.replaceAll(wskey, `key of ${name}`);
    return JSON.parse(text) as Trace;
  }

  #onEvent({ message, connection, ...post }: EventPost): void {
    this.#types.push(message['type']);
    this.wskeys.push(connection['wskey']);
    this.#learnKey(connection['wskey']);
    const name = this.#names.get(String(connection['wskey'])) ?? 'nobody';
    // What JSON.parse says is another text in each version of Node.
    if (typeof message === 'object' && 'json_error' in message) message['json_error'] = '…';
    this.note(`events of ${name}`, { message, connection });
    if (message['type'] === 'client-describe-post') this.note('event post', post);
  }

  /** Clients connect one after the other, so a key not seen before is that of the one that is connecting. */
  #learnKey(wskey: unknown): void {
    if (typeof wskey !== 'string' || this.#names.has(wskey) || this.#connecting === undefined) return;
    this.#names.set(wskey, this.#connecting);
  }

  #noteAnswer({ status, body }: PostResult): void {
    this.note('post', { status, body: withoutTexts(body) });
  }
}

const maxShownLength = 200;

const shortened = (value: unknown): unknown =>
  typeof value === 'string' && value.length > maxShownLength ? `${value.length} characters` : value;

/** Text as it came where it is no JSON object, so that `"x"` and `x` are not the same. */
const received = (text: string): unknown => {
  if (!text.startsWith('{')) return { text };
  return withoutTexts(JSON.parse(text));
};

/** Errors are compared by their codes: what they say to people is checked where they are made. */
const withoutTexts = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutTexts);
  if (typeof value !== 'object' || value === null) return value;
  const { error, ...fields } = value as { error?: { code?: unknown }; type?: unknown; text?: unknown };
  if (fields.type === 'broker-error') delete fields.text;
  return error === undefined ? fields : { ...fields, error: error.code };
};
