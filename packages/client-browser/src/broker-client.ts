import type { AnyMessage } from '@wsbroker/protocol';
import type { Client } from './client.ts';
import { ClientError } from './client-error.ts';
import { Connection } from './connection.ts';
import { type ErrorSink, Listeners, reportUnhandled } from './listeners.ts';
import { initialState } from './machine.ts';
import { createMessageStream } from './message-stream.ts';
import { type ClientOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { decode, encode, type Encoded } from './plain-wire.ts';
import { type ClientStatus, statusOf } from './status.ts';

/** Where a browser lacks the symbol, TypeScript's and esbuild's `using` look for this one. */
const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? /* @__PURE__ */ (Symbol.for('Symbol.dispose') as typeof Symbol.dispose);

/** Joins the connection, the queue and the listeners. Untyped: the contract's types come with `createClient`. */
export class BrokerClient implements Client {
  readonly #options: ResolvedOptions;
  readonly #onError: ErrorSink;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #listeners = new Map<string, Listeners<AnyMessage>>();
  readonly #subscribers: Listeners<void>;
  /** Of the message streams that are being read. */
  readonly #endings = new Set<() => void>();
  /** What `#status` was made of. */
  #told = initialState;
  #status = statusOf(initialState, 0);
  /** How many messages the last close gave up. */
  #discarded = 0;

  constructor(options: ClientOptions) {
    const resolved = (this.#options = resolveOptions(options));
    this.#onError = (error) => {
      try {
        resolved.onError(error);
      } catch (second) {
        reportUnhandled(second);
      }
    };
    this.#subscribers = new Listeners(this.#onError);
    this.#outbox = new Outbox(resolved);
    this.#connection = new Connection(resolved, {
      flush: () => this.#flush(),
      discard: () => this.#discard(),
      received: (data) => this.#receive(data),
      changed: () => this.#refresh(),
    });
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

  readonly send = (message: AnyMessage): void => {
    const { closeCode, state } = this.#status;
    if (state === 'closed') {
      throw new ClientError('closed', `Not sent: closed with ${closeCode}. connect() opens anew`);
    }
    const encoded = this.#encode(message);
    const socket = this.#connection.openSocket;
    if (socket && this.#outbox.size === 0) {
      this.#outbox.assertRoom(encoded.bytes, socket.bufferedAmount);
      socket.send(encoded.text);
    } else {
      this.#outbox.push(encoded);
      this.#refresh();
    }
  };

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

  readonly subscribe = (listener: (status: ClientStatus) => void): (() => void) => {
    // Reads the status only when called: a listener that was told before may have changed it again.
    const tell = () => listener(this.#status);
    const off = this.#subscribers.add(tell);
    this.#subscribers.call(tell);
    return off;
  };

  readonly connect = (): void => this.#connection.connect();

  readonly close = (code = 1000, reason = ''): void => this.#connection.close(code, reason);

  readonly [dispose] = (): void => this.close();

  #encode(message: AnyMessage): Encoded {
    return encode(message, this.#options.maxMessageBytes);
  }

  #flush(): void {
    const write = ({ text }: Encoded) => {
      const socket = this.#connection.openSocket;
      socket?.send(text);
      return socket !== undefined;
    };
    try {
      for (const message of this.#options.firstMessages()) write(this.#encode(message));
    } catch (error) {
      this.#onError(error);
    }
    this.#outbox.drain(write);
  }

  #discard(): void {
    this.#discarded = this.#outbox.size;
    this.#outbox.clear();
    for (const end of this.#endings) end();
  }

  #receive(data: unknown): void {
    let message: AnyMessage;
    try {
      message = decode(data);
    } catch (error) {
      this.#onError(error);
      return;
    }
    let heard = false;
    for (const type of [message.type, '*']) {
      if (this.#listeners.get(type)?.emit(message)) heard = true;
    }
    // Otherwise a message that the broker refused would be lost in silence.
    if (message.type === 'broker-error' && !heard) {
      this.#onError(
        new ClientError(
          'refused',
          `The broker refused a message: ${String(message.code)}, ${String(message.text)}`,
        ),
      );
    }
  }

  /** Tells of a change, and of nothing else: who renders at each call would render for nothing. */
  #refresh(): void {
    const { state } = this.#connection;
    const queued = state.name === 'closed' ? this.#discarded : this.#outbox.size;
    if (state === this.#told && queued === this.#status.queued) return;
    this.#told = state;
    this.#status = statusOf(state, queued);
    this.#subscribers.emit();
  }
}
