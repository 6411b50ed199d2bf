import type { AnyMessage, BrokerErrorMessage } from '@wsbroker/protocol';
import type { Client, Gap, RequestOptions } from './client.ts';
import { ClientError } from './client-error.ts';
import { type ErrorSink, Listeners, reportUnhandled } from './listeners.ts';
import { initialState } from './machine.ts';
import { createMessageStream } from './message-stream.ts';
import { type ClientOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { decode, encode } from './plain-wire.ts';
import { awaitReply } from './request.ts';
import { ownFailure, type Sent, SentMessage, type SentOptions, type SentOwner } from './sent.ts';
import { type ClientStatus, statusOf } from './status.ts';
import { Wire, type WireOwner } from './wire.ts';

/** Where a browser lacks the symbol, TypeScript's and esbuild's `using` look for this one. */
const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? /* @__PURE__ */ (Symbol.for('Symbol.dispose') as typeof Symbol.dispose);

/** Joins the wire and the listeners. Untyped: the contract's types come with `createClient`. */
export class BrokerClient implements Client {
  readonly #options: ResolvedOptions;
  readonly #onError: ErrorSink;
  readonly #sentOwner: SentOwner;
  readonly #wire: Wire;
  readonly #listeners = new Map<string, Listeners<AnyMessage>>();
  readonly #gapListeners: Listeners<Gap>;
  readonly #subscribers: Listeners<void>;
  /** Of the message streams that are being read. */
  readonly #endings = new Set<() => void>();
  #status = statusOf(initialState, { queued: 0, unsettled: 0, backend: 'up' });
  /** The same as text: each message may change the status, and nothing else tells whether one has. */
  #statusText = JSON.stringify(this.#status);
  #lastId = 0;

  constructor(options: ClientOptions) {
    const resolved = (this.#options = resolveOptions(options));
    const onError = (this.#onError = (error) => {
      try {
        resolved.onError(error);
      } catch (second) {
        reportUnhandled(second);
      }
    });
    this.#sentOwner = {
      onError,
      onUnheard: (code, text) => {
        const own = ownFailure(code, text);
        if (own) onError(own);
        else this.#emit({ type: 'broker-error', code, text });
      },
    };
    this.#subscribers = new Listeners(onError);
    this.#gapListeners = new Listeners(onError);
    const owner: WireOwner = {
      onError,
      received: (data) => this.#receive(data),
      firstMessages: () => this.#firstMessages(),
      gap: (resumed) => this.#gapListeners.emit({ resumed }),
      discarded: () => {
        for (const end of this.#endings) end();
      },
      changed: () => this.#refresh(),
    };
    this.#wire = new Wire(resolved, owner);
    if (options.autoConnect !== false) this.connect();
  }

  get status(): ClientStatus {
    return this.#status;
  }

  readonly on = (type: string, listener: (message: never) => void): (() => void) => {
    let listeners = this.#listeners.get(type);
    if (!listeners) this.#listeners.set(type, (listeners = new Listeners(this.#onError)));
    return listeners.add(listener as (message: AnyMessage) => void);
  };

  readonly onGap = (listener: (gap: Gap) => void): (() => void) => this.#gapListeners.add(listener);

  readonly send = (message: AnyMessage): Sent => this.#take(message);

  readonly request = (message: AnyMessage, options?: RequestOptions): Promise<never> =>
    awaitReply(
      {
        send: (onReply) => this.#take(message, { onReply }),
        withdraw: (sent, settled) => this.#wire.withdraw(sent, settled),
      },
      options,
    );

  readonly messages = (type = '*'): AsyncGenerator<never, undefined> => {
    const { stream, end } = createMessageStream<AnyMessage>(this.#options.maxBufferedMessages, (push) => {
      const off = this.on(type, push);
      return () => {
        off();
        this.#endings.delete(end);
      };
    });
    this.#endings.add(end);
    if (this.#status.state === 'closed') end();
    return stream as AsyncGenerator<never, undefined>;
  };

  readonly subscribe = (listener: (status: ClientStatus) => void): (() => void) =>
    // Reads the status only when called: a listener that was told before may have changed it again.
    this.#subscribers.follow(() => listener(this.#status));

  readonly connect = (): void => this.#wire.connection.connect();

  readonly close = (code = 1000, reason = ''): void => this.#wire.connection.close(code, reason);

  readonly [dispose] = (): void => this.close();

  /** @throws {ClientError} `queue-full`, `closed`, `not-json`, `too-large` */
  #take(message: AnyMessage, options: SentOptions = {}): SentMessage {
    const { closeCode, state } = this.#status;
    if (state === 'closed') {
      throw new ClientError('closed', `Not sent: closed with ${closeCode}. connect() opens anew`);
    }
    const sent = this.#encode(message, options);
    this.#wire.send(sent);
    return sent;
  }

  #encode(message: AnyMessage, options: SentOptions): SentMessage {
    const id = ++this.#lastId;
    const frame = encode(message, this.#wire.maxMessageBytes, options.onReply && id);
    return new SentMessage({ id, frame, ...options }, this.#sentOwner);
  }

  #firstMessages(): readonly SentMessage[] {
    const encoded: SentMessage[] = [];
    try {
      for (const message of this.#options.firstMessages()) {
        encoded.push(this.#encode(message, { isFirst: true }));
      }
    } catch (error) {
      this.#onError(error);
    }
    return encoded;
  }

  #receive(data: unknown): void {
    let message: AnyMessage;
    try {
      message = decode(data);
    } catch (error) {
      this.#onError(error);
      return;
    }
    this.#emit(message);
  }

  #emit(message: AnyMessage): void {
    let heard = false;
    for (const type of [message.type, '*']) {
      if (this.#listeners.get(type)?.emit(message)) heard = true;
    }
    if (message.type === 'broker-error' && !heard) {
      const { code, text } = message as unknown as BrokerErrorMessage;
      this.#onError(new ClientError('refused', `A message failed: ${code}, ${text}`, { wireCode: code }));
    }
  }

  /** Tells of a change, and of nothing else: who renders at each call would render for nothing. */
  #refresh(): void {
    const status = statusOf(this.#wire.connection.state, this.#wire.facts);
    const text = JSON.stringify(status);
    if (text === this.#statusText) return;
    this.#statusText = text;
    this.#status = status;
    this.#subscribers.emit();
  }
}
