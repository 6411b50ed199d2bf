import { ClientError } from './client-error.ts';
import type { FailureCode, SentMessage, Settled } from './sent.ts';

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
    const { bytes } = message.frame;
    const waiting = this.waiting;
    const waitingBytes = Math.max(this.#bytes, bufferedBytes ?? 0);
    if (
      waitingBytes + bytes > maxQueuedBytes ||
      (waiting >= maxQueuedMessages && (waiting > 0 || bufferedBytes === undefined))
    ) {
      throw new ClientError(
        'queue-full',
        `Not sent: ${waiting} messages of at most ${maxQueuedMessages} and ${waitingBytes} + ${bytes} bytes of at most ${maxQueuedBytes} would wait`,
      );
    }
    this.#add([message]);
  }

  #add(messages: readonly SentMessage[], at = this.#kept.length): void {
    this.#kept.splice(at, 0, ...messages);
    this.unsettled += messages.length;
    for (const { frame } of messages) this.#bytes += frame.bytes;
  }

  /** Writes the oldest that waits for as long as that goes. */
  drain({ isPlain, maxMessageBytes, write }: Way): void {
    for (;;) {
      const index = this.#written - this.#base;
      const message = this.#kept[index];
      if (!message) return;
      const { text, bytes } = message.frame;
      const refusal =
        isPlain && message.options.onReply ? 'no-requests' : bytes > maxMessageBytes && 'too-large';
      if (!refusal && !write(text)) return;
      if (refusal || isPlain) {
        this.#kept.splice(index, 1);
        this.#bytes -= bytes;
        if (!refusal) message.move('sent');
        this.#settle(
          message,
          refusal
            ? {
                outcome: 'failed',
                code: refusal,
                text: `Not sent: this broker takes ${refusal === 'too-large' ? `${maxMessageBytes} bytes` : 'no requests'}`,
              }
            : { outcome: 'unknown' },
        );
      } else {
        this.#written++;
        message.move('sent');
      }
    }
  }

  /** The broker has taken charge of the first n. */
  acknowledge(n: number): void {
    // A listener may close the client meanwhile: nothing is as it was then, and nothing has been written.
    while (this.#acknowledged < Math.min(n, this.#written)) {
      const message = this.#kept[this.#acknowledged++ - this.#base] as SentMessage;
      this.#bytes -= message.frame.bytes;
      message.move('acknowledged');
    }
    this.#forget();
  }

  /** Each of the first n that has not failed has been processed. */
  delivered(n: number): void {
    this.acknowledge(n);
    while (this.#base < Math.min(n, this.#acknowledged)) {
      this.#base++;
      this.#settle(this.#kept.shift() as SentMessage, { outcome: 'delivered' });
    }
    this.#forget();
  }

  failed(n: number, code: FailureCode, text: string): void {
    this.#fail(this.#kept[n - this.#base - 1], code, text);
    this.#forget();
  }

  replied(id: number, reply: unknown): void {
    this.#kept.find((message) => message.id === id)?.options.onReply?.(reply);
  }

  /** Gives up a message that has not been written; one that has been is the broker's. */
  withdraw(message: SentMessage, code: FailureCode, text: string): void {
    const index = this.#kept.indexOf(message);
    if (index < this.#written - this.#base) return;
    this.#kept.splice(index, 1);
    this.#bytes -= message.frame.bytes;
    this.#fail(message, code, text);
  }

  /** The connection goes on, and the broker has taken charge of so many: the others are written again. */
  resume(received: number): void {
    this.acknowledge(received);
    this.#written = this.#acknowledged;
  }

  /** A new connection: what was acknowledged on the last one is lost from sight, all else is written on this one. */
  restart(): void {
    const lost = this.#kept.splice(0, this.#acknowledged - this.#base);
    this.#kept = this.#kept.filter((message) => {
      const goes = message.outcome || message.options.isFirst;
      if (goes) this.#bytes -= message.frame.bytes;
      if (!message.outcome && message.options.isFirst) this.unsettled--;
      return !goes;
    });
    this.#base = this.#acknowledged = this.#written = 0;
    for (const message of lost) {
      this.#fail(message, 'connection-lost', 'acknowledged on a connection that is lost: outcome unknown');
    }
  }

  /** Puts these before all that wait, whatever the bounds say. */
  putFirst(messages: readonly SentMessage[]): void {
    this.#add(messages, 0);
  }

  clear(): void {
    const given = this.#kept;
    this.#kept = [];
    this.#base = this.#acknowledged = this.#written = this.#bytes = 0;
    for (const message of given) this.#fail(message, 'closed', 'the client was closed');
  }

  #fail(message: SentMessage | undefined, code: FailureCode, text: string): void {
    if (message) this.#settle(message, { outcome: 'failed', code, text });
  }

  #settle(message: SentMessage, settled: Settled): void {
    if (message.outcome) return;
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
