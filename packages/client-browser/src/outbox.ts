import { ClientError } from './client-error.ts';
import type { FailureCode, SentMessage, Settled } from './sent.ts';
import { subprotocol } from './subprotocol.ts';

export interface OutboxLimits {
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
}

/** What the other side takes, and a way to it. */
export interface Way {
  /** Without acknowledgements: what is written is gone. */
  readonly isPlain: boolean;
  readonly maxMessageBytes: number;
  /** False when it could not be written. */
  write(text: string): boolean;
}

/**
 * Messages from `send` to their end, in order: those acknowledged, those written, and those that wait.
 *
 * Neither side writes numbers on messages: the nth that was written on a connection is number n, so nothing
 * leaves from the middle of those that were written.
 *
 * Full means that the caller is told: what is in here was promised to be sent, so nothing is pushed out to
 * make room.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  #kept: SentMessage[] = [];
  /** The number of the message before the first of `#kept`. */
  #base = 0;
  /** The broker has taken charge of so many, and need not be sent them again. */
  #acknowledged = 0;
  /** So many have been written since the last opening, or before it and been acknowledged. */
  #written = 0;
  /** Of those that are not acknowledged. */
  #bytes = 0;
  /** Messages that have no outcome yet. */
  unsettled = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  /** How many wait for a socket. */
  get waiting(): number {
    return this.#kept.length + this.#base - this.#written;
  }

  /**
   * @param bufferedBytes that an open socket holds back because of the network; undefined without one.
   * @throws {ClientError} `queue-full` when there is no room for it.
   */
  push(message: SentMessage, bufferedBytes: number | undefined): void {
    const { maxQueuedMessages, maxQueuedBytes } = this.#limits;
    const { bytes } = message.init.frame;
    const waiting = this.waiting;
    const waitingBytes = Math.max(this.#bytes, bufferedBytes ?? 0);
    if (
      waitingBytes + bytes > maxQueuedBytes ||
      (waiting >= maxQueuedMessages && (waiting > 0 || bufferedBytes === undefined))
    ) {
      throw new ClientError(
        'queue-full',
        `Not sent: ${waiting} of ${maxQueuedMessages} messages and ${waitingBytes} of ${maxQueuedBytes} bytes wait`,
      );
    }
    this.#add([message]);
  }

  #add(messages: readonly SentMessage[], at = this.#kept.length): void {
    this.#kept.splice(at, 0, ...messages);
    this.unsettled += messages.length;
    for (const { init } of messages) this.#bytes += init.frame.bytes;
  }

  /** Writes the oldest that waits, for as long as that goes. */
  drain(way: Way): void {
    for (let next = this.#next; next; next = this.#next) {
      const { frame, onReply } = next.init;
      const { isPlain, maxMessageBytes } = way;
      const code = isPlain && onReply ? 'no-requests' : frame.bytes > maxMessageBytes && 'too-large';
      if (code) {
        const text = `Not sent: at most ${maxMessageBytes} bytes, and no requests without ${subprotocol}`;
        this.withdraw(next, { outcome: 'failed', code, text });
      } else if (!way.write(frame.text)) {
        return;
      } else if (isPlain) {
        this.withdraw(next, { outcome: 'unknown' });
      } else {
        this.#written++;
        next.move('sent');
      }
    }
  }

  get #next(): SentMessage | undefined {
    return this.#kept[this.#written - this.#base];
  }

  /** The broker has taken charge of the first n. */
  acknowledge(n: number): void {
    // A listener may close the client meanwhile: nothing is as it was then, and nothing has been written.
    while (this.#acknowledged < Math.min(n, this.#written)) {
      const message = this.#kept[this.#acknowledged++ - this.#base] as SentMessage;
      this.#bytes -= message.init.frame.bytes;
      message.move('acknowledged');
    }
    this.#forget();
  }

  /** Each of the first n that has not failed has been processed. */
  delivered(n: number): void {
    this.acknowledge(n);
    while (this.#base < Math.min(n, this.#acknowledged)) {
      this.#base++;
      this.#settle(this.#kept.shift(), { outcome: 'delivered' });
    }
    this.#forget();
  }

  failed(n: number, code: FailureCode, text: string): void {
    this.#settle(this.#kept[n - this.#base - 1], { outcome: 'failed', code, text });
    this.#forget();
  }

  replied(id: number, reply: unknown): void {
    this.#kept.find((message) => message.id === id)?.init.onReply?.(reply);
  }

  /** Takes out a message that has no number; one that has been written keeps its place. */
  withdraw(message: SentMessage, settled: Settled): void {
    const index = this.#kept.indexOf(message);
    if (index < this.#written - this.#base) return;
    this.#kept.splice(index, 1);
    this.#bytes -= message.init.frame.bytes;
    this.#settle(message, settled);
  }

  /** The connection goes on, and the broker has taken charge of so many: the others are written again. */
  resume(received: number): void {
    this.acknowledge(received);
    this.#written = this.#acknowledged;
  }

  /**
   * A new connection: what was acknowledged on the last one is lost from sight, the others are written on this
   * one. Of its own first messages it hears new ones.
   */
  restart(): void {
    const lost = this.#kept.splice(0, this.#acknowledged - this.#base);
    this.#base = this.#acknowledged = this.#written = 0;
    for (const message of [...this.#kept]) {
      if (message.outcome || message.init.isFirst) this.withdraw(message, { outcome: 'unknown' });
    }
    this.#failAll(lost, 'connection-lost', 'Acknowledged, and then the connection was lost');
  }

  /** Puts these before all that wait, whatever the bounds say. */
  putFirst(messages: readonly SentMessage[]): void {
    this.#add(messages, 0);
  }

  clear(): void {
    const given = this.#kept;
    this.#kept = [];
    this.#base = this.#acknowledged = this.#written = this.#bytes = 0;
    this.#failAll(given, 'closed', 'The client was closed');
  }

  #failAll(messages: readonly SentMessage[], code: FailureCode, text: string): void {
    for (const message of messages) this.#settle(message, { outcome: 'failed', code, text });
  }

  #settle(message: SentMessage | undefined, settled: Settled): void {
    if (!message || message.outcome) return;
    this.unsettled--;
    message.settle(settled);
  }

  /** Those that failed, where no earlier one counts on their place any more. */
  #forget(): void {
    while (this.#base < this.#acknowledged && this.#kept[0]?.outcome) {
      this.#base++;
      this.#kept.shift();
    }
  }
}
