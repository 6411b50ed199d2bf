import type { Fate, QueuedEvent } from './queued-event.ts';
import type { QueuedTotal } from './queued-total.ts';

export interface EventQueueOptions {
  /** Delivers one event or gives it up. Never rejects. */
  readonly deliver: (event: QueuedEvent, queuedAtMs: number) => Promise<Fate>;
  readonly nowMs: () => number;
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly total: QueuedTotal;
  /** Runs after each event that left the queue. */
  readonly onLeft: () => void;
  /** Runs when the first event comes in, and when the last one has left. */
  readonly onBusy: () => void;
  readonly onIdle: () => void;
}

interface Item {
  readonly bytes: number;
  readonly queuedAtMs: number;
  /** A promise while a handler of the application, or a journal, takes its time; undefined when there is none. */
  readonly event: QueuedEvent | Promise<QueuedEvent | undefined>;
}

const abandoned: Fate = { outcome: 'abandoned' };

/**
 * The events of one connection, in order, one in flight.
 *
 * The queue never drops: when it {@link isFull}, its owner stops reading from the socket, and TCP pushes
 * back on the sender.
 */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #items: Item[] = [];
  #bytes = 0;
  #running = false;
  #isAbandoned = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#items.length;
  }

  get isFull(): boolean {
    return this.#items.length >= this.#options.maxEvents || this.#bytes >= this.#options.maxBytes;
  }

  /** Half empty again: reading may go on. The gap to {@link isFull} keeps a socket from flapping. */
  get isLow(): boolean {
    return this.#items.length <= this.#options.maxEvents / 2 && this.#bytes <= this.#options.maxBytes / 2;
  }

  /**
   * Puts an event at the end. A promise keeps its place until it is decided, so that events stay in order
   * however long an async handler takes. It must not reject.
   * @param bytes What it holds in memory, about.
   */
  push(event: QueuedEvent | Promise<QueuedEvent | undefined>, bytes: number): void {
    if (this.#isAbandoned) return abandon(event);
    this.#items.push({ event, bytes, queuedAtMs: this.#options.nowMs() });
    this.#bytes += bytes;
    this.#options.total.add(bytes);
    if (!this.#running) void this.#run();
  }

  /** Settles what is here, in flight or behind, as abandoned; what happens to it now is told to nobody. */
  abandon(): void {
    this.#isAbandoned = true;
    for (const { event } of this.#items) abandon(event);
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#options.onBusy();
    for (let item = this.#items[0]; item; item = this.#items[0]) {
      const event = await item.event;
      const fate = event && (await this.#options.deliver(event, item.queuedAtMs));
      this.#items.shift();
      this.#bytes -= item.bytes;
      this.#options.total.remove(item.bytes);
      if (fate && !this.#isAbandoned) event.onSettled?.(fate);
      this.#options.onLeft();
    }
    this.#running = false;
    this.#options.onIdle();
  }
}

const abandon = (event: QueuedEvent | Promise<QueuedEvent | undefined>): void => {
  if (event instanceof Promise) void event.then((decided) => decided?.onSettled?.(abandoned));
  else event.onSettled?.(abandoned);
};
