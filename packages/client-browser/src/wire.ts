import type { DownFrame, Opened } from '@wsbroker/protocol';
import { ClientError } from './client-error.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import type { ErrorSink } from './listeners.ts';
import type { ResolvedOptions } from './options.ts';
import { Outbox, type Way } from './outbox.ts';
import type { SentMessage, Settled } from './sent.ts';
import type { ClientStatus, StatusFacts } from './status.ts';
import { subprotocol } from './subprotocol.ts';

/** Whom the wire tells. */
export interface WireOwner {
  /** A message of the backend, as it came. */
  received(data: unknown): void;
  /** What a new connection must hear first. */
  firstMessages(): readonly SentMessage[];
  /** What was on its way to this client may be missing. */
  gap(resumed: boolean): void;
  /** Nothing will come until somebody connects again. */
  discarded(): void;
  changed(): void;
  readonly onError: ErrorSink;
}

/** What the plain wire leaves unsaid: each of its sockets is a connection of its own. */
const plainOpening: Partial<Opened> = {};

/**
 * A frame that was counted is acknowledged within this time, with all that came meanwhile. It only lets the broker
 * forget: what a resume is to bring is told by `open`.
 */
const ackWithinMs = 1_000;

/**
 * One conversation with the broker, over any number of sockets: what has been counted in either direction, and
 * the token that resumes it.
 *
 * The plain wire is the same with less: no control frames, every socket a new connection, and what is written
 * is settled at once.
 */
export class Wire implements ConnectionOwner, Way {
  readonly connection: Connection;
  readonly #outbox: Outbox;
  readonly #options: ResolvedOptions;
  readonly #owner: WireOwner;
  /** Whether there has been a connection that this one follows. */
  #hasOpened = false;
  /** Of the connection; what a broker of the plain wire leaves out is undefined. */
  #opened = plainOpening;
  isPlain = false;
  /** Counted frames that have arrived on this connection, and how many of them the broker knows to have arrived. */
  #received = 0;
  #acknowledged = 0;
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #backend: ClientStatus['backend'] = 'up';
  /** How many messages the last close gave up. */
  #discarded = 0;

  constructor(options: ResolvedOptions, owner: WireOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#outbox = new Outbox(options);
    this.connection = new Connection(options, this);
  }

  /** What the status is made of, besides the state of the connection. */
  get facts(): StatusFacts {
    return {
      queued: this.connection.state.name === 'closed' ? this.#discarded : this.#outbox.waiting,
      unsettled: this.#outbox.unsettled,
      backend: this.#backend,
      wskey: this.#opened.connection,
    };
  }

  get maxMessageBytes(): number {
    return this.#opened.maxMessageBytes ?? this.#options.maxMessageBytes;
  }

  /** @throws {ClientError} `queue-full` */
  send(message: SentMessage): void {
    this.#outbox.push(message, this.connection.openSocket?.bufferedAmount);
    this.flush();
    this.#owner.changed();
  }

  withdraw(message: SentMessage, settled: Settled): void {
    this.#outbox.withdraw(message, settled);
    this.#owner.changed();
  }

  socketOpened(protocol: string): void {
    // Of the socket that was lost: nothing may come between `open` and `opened`.
    clearTimeout(this.#ackTimer);
    this.isPlain = protocol !== subprotocol;
    if (this.isPlain) return this.#begin(plainOpening);
    const { token } = this.#opened;
    this.#write(['open', token ? { token, received: this.#received } : {}]);
  }

  received(data: unknown): void {
    const text = String(data);
    if (this.isPlain || text[0] !== '[') {
      this.#count();
      this.#owner.received(data);
      return;
    }
    try {
      this.#control(JSON.parse(text) as DownFrame);
    } catch (cause) {
      this.#owner.onError(
        new ClientError('bad-message', `Received ${text.slice(0, 80)}: no frame of ${subprotocol}`, {
          cause,
        }),
      );
    }
    this.#owner.changed();
  }

  /** Frames that it does not know are those of a newer broker. */
  #control(frame: DownFrame): void {
    const outbox = this.#outbox;
    switch (frame[0]) {
      case 'opened':
        return this.#begin(frame[1]);
      case 'ack':
        return outbox.acknowledge(frame[1]);
      case 'delivered':
        return outbox.delivered(frame[1]);
      case 'failed':
        this.#count();
        return outbox.failed(frame[1], frame[2], frame[3]);
      case 'reply':
        this.#count();
        return outbox.replied(frame[1], frame[2]);
      case 'status':
        this.#backend = frame[1].backend;
        return undefined;
      case 'bye':
        return this.connection.bye(frame[2]);
      case 'ping':
        return this.#write(['pong']);
      default:
        return undefined;
    }
  }

  #begin(opened: Partial<Opened>): void {
    const { resumed = false, gap = false, received = 0, pingIntervalMs = 0 } = opened;
    const isMissing = gap || (this.#hasOpened && !resumed);
    this.#opened = opened;
    this.#hasOpened = true;
    this.#backend = 'up';
    if (!resumed || gap) this.#received = 0;
    // At once, whatever the number: it says that this client now holds the new token.
    if (!this.isPlain) this.#acknowledge();
    if (resumed) {
      this.#outbox.resume(received);
    } else {
      this.#outbox.restart();
      const first = this.#owner.firstMessages();
      // They may have closed the client.
      if (this.#hasOpened) this.#outbox.putFirst(first);
    }
    this.connection.opened(pingIntervalMs);
    if (isMissing && this.connection.openSocket) this.#owner.gap(resumed);
  }

  /** An application message, a `reply` or a `failed`: what the broker replays until it is acknowledged. */
  #count(): void {
    this.#received++;
    if (this.isPlain || this.#received - this.#acknowledged > 1) return;
    this.#ackTimer = setTimeout(() => this.#acknowledge(), ackWithinMs);
  }

  #acknowledge(): void {
    clearTimeout(this.#ackTimer);
    this.#acknowledged = this.#received;
    this.#write(['ack', this.#received]);
  }

  #write(frame: readonly unknown[]): void {
    this.connection.socket?.send(JSON.stringify(frame));
  }

  flush(): void {
    this.#outbox.drain(this);
  }

  write(text: string): boolean {
    const socket = this.connection.openSocket;
    socket?.send(text);
    return !!socket;
  }

  discard(): void {
    clearTimeout(this.#ackTimer);
    this.#opened = plainOpening;
    this.#hasOpened = false;
    this.#received = 0;
    this.#discarded = this.#outbox.waiting;
    this.#outbox.clear();
    this.#owner.discarded();
  }

  changed(): void {
    this.#owner.changed();
  }
}
