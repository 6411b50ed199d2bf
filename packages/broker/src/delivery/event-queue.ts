import type { Subject } from './carry-out.ts';
import type { Fate, QueuedEvent } from './queued-event.ts';
import type { QueuedTotal } from './queued-total.ts';
import type { Lane } from './turn.ts';

/** What all queues have in common: their bounds, and who delivers. */
export interface QueueKeeper {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly total: QueuedTotal;
  nowMs(): number;
  /** Delivers one event or gives it up. Never rejects. */
  deliver(queue: EventQueue, event: QueuedEvent, queuedAtMs: number): Promise<Fate>;
  /** Runs when the first event comes in, and when the last one has left. */
  busy(queue: EventQueue): void;
  idle(queue: EventQueue): void;
}

/** Whose events they are. */
export interface QueueOwner {
  readonly subject: Subject;
  readonly lane: Lane;
  /** Told of each event that left the queue. */
  readonly listener?: QueueListener | undefined;
}

export interface QueueListener {
  eventLeft(): void;
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
  readonly subject: Subject;
  readonly lane: Lane;
  readonly #keeper: QueueKeeper;
  readonly #listener: QueueListener | undefined;
  #items: Item[] = [];
  #bytes = 0;
  #running = false;
  #isAbandoned = false;

  constructor(keeper: QueueKeeper, { subject, lane, listener }: QueueOwner) {
    this.#keeper = keeper;
    this.subject = subject;
    this.lane = lane;
    this.#listener = listener;
  }

  get length(): number {
    return this.#items.length;
  }

  get isFull(): boolean {
    return this.#items.length >= this.#keeper.maxEvents || this.#bytes >= this.#keeper.maxBytes;
  }

  /** Half empty again: reading may go on. The gap to {@link isFull} keeps a socket from flapping. */
  get isLow(): boolean {
    return this.#items.length <= this.#keeper.maxEvents / 2 && this.#bytes <= this.#keeper.maxBytes / 2;
  }

  /**
   * Puts an event at the end. A promise keeps its place until it is decided, so that events stay in order
   * however long an async handler takes. It must not reject.
   * @param bytes What it holds in memory, about.
   */
  push(event: QueuedEvent | Promise<QueuedEvent | undefined>, bytes: number): void {
    if (this.#isAbandoned) return abandon(event);
    this.#items.push({ event, bytes, queuedAtMs: this.#keeper.nowMs() });
    this.#bytes += bytes;
    this.#keeper.total.add(bytes);
    if (!this.#running) void this.#run();
  }

  /** Settles what is here, in flight or behind, as abandoned; what happens to it now is told to nobody. */
  abandon(): void {
    this.#isAbandoned = true;
    for (const { event } of this.#items) abandon(event);
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#keeper.busy(this);
    for (let item = this.#items[0]; item; item = this.#items[0]) {
      const event = item.event instanceof Promise ? await item.event : item.event;
      const fate = event && (await this.#keeper.deliver(this, event, item.queuedAtMs));
      this.#items.shift();
      this.#bytes -= item.bytes;
      this.#keeper.total.remove(item.bytes);
      if (fate && !this.#isAbandoned) event.onSettled?.(fate);
      this.#listener?.eventLeft();
    }
    // A list that was used keeps 150 bytes of room, and most connections are quiet for long.
    this.#items = [];
    this.#running = false;
    this.#keeper.idle(this);
  }
}

const abandon = (event: QueuedEvent | Promise<QueuedEvent | undefined>): void => {
  if (event instanceof Promise) void event.then((decided) => decided?.onSettled?.(abandoned));
  else event.onSettled?.(abandoned);
};
