import { ClientError } from './client-error.ts';
import type { Encoded } from './plain-wire.ts';

export interface OutboxLimits {
  readonly maxQueuedMessages: number;
  readonly maxQueuedBytes: number;
}

/**
 * Messages that wait for a socket, in order.
 *
 * Full means that the caller is told: what is in here was promised to be sent, so nothing is pushed out to
 * make room.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #queue: Encoded[] = [];
  #bytes = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#queue.length;
  }

  /** @throws {ClientError} `queue-full` when there is no room for it. */
  push(message: Encoded): void {
    this.assertRoom(message.bytes, this.#bytes, this.size + 1);
    this.#queue.push(message);
    this.#bytes += message.bytes;
  }

  /** The bound on bytes holds as well for those that wait in a socket which the network does not empty. */
  assertRoom(bytes: number, waitingBytes: number, messages = 0): void {
    const { maxQueuedMessages, maxQueuedBytes } = this.#limits;
    if (messages > maxQueuedMessages || waitingBytes + bytes > maxQueuedBytes) {
      throw new ClientError(
        'queue-full',
        `Not sent: ${this.size} messages of at most ${maxQueuedMessages} and ${waitingBytes} + ${bytes} bytes of at most ${maxQueuedBytes} would wait`,
      );
    }
  }

  /** Hands over the oldest message for as long as `write` takes it. */
  drain(write: (message: Encoded) => boolean): void {
    for (let next = this.#queue[0]; next && write(next); next = this.#queue[0]) {
      this.#queue.shift();
      this.#bytes -= next.bytes;
    }
  }

  clear(): void {
    this.#queue.length = this.#bytes = 0;
  }
}
