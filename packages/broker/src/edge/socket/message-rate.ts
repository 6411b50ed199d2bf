import { Rate } from '../rate.ts';

export interface MessageRateOptions {
  readonly messagesPerSecond: number;
  readonly messageBurst: number;
}

/** What a bucket needs of whoever reads from its client. */
export interface PausedReader {
  /** There may be room again. */
  resumeIfLow(): void;
}

/** How exactly a pause ends. */
const tickMs = 20;

/**
 * How many messages each client may send. Who sends more is not read for a while: TCP pushes back, and nothing is
 * lost. One timer ends the pauses of all.
 */
export class MessageRate {
  readonly rate: Rate;
  readonly #waiting = new Set<MessageBucket>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ messagesPerSecond, messageBurst }: MessageRateOptions) {
    this.rate = new Rate({ perSecond: messagesPerSecond, burst: messageBurst });
  }

  /** @param reader Whose client had sent too much may be read again when it is told so. */
  bucket(reader: PausedReader): MessageBucket {
    return new MessageBucket(this, reader);
  }

  /** To be called by a bucket that is empty. */
  wait(bucket: MessageBucket): void {
    this.#waiting.add(bucket);
    this.#timer ??= setInterval(() => this.#resume(), tickMs);
  }

  /** Lets go of a bucket whose client is gone. */
  forget(bucket: MessageBucket): void {
    this.#waiting.delete(bucket);
    if (this.#waiting.size === 0) this.#stop();
  }

  #resume(): void {
    const nowMs = performance.now();
    for (const bucket of this.#waiting) {
      if (bucket.emptyUntilMs > nowMs) continue;
      this.#waiting.delete(bucket);
      bucket.refilled();
    }
    if (this.#waiting.size === 0) this.#stop();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The token bucket of one client. More may be taken out than there is in it: what was read cannot be given back. */
export class MessageBucket {
  readonly #messages: MessageRate;
  readonly #reader: PausedReader;
  #fullAtMs = 0;
  #isEmpty = false;

  constructor(messages: MessageRate, reader: PausedReader) {
    this.#messages = messages;
    this.#reader = reader;
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  get emptyUntilMs(): number {
    return this.#messages.rate.emptyUntilMs(this.#fullAtMs);
  }

  /** Nothing was taken from it for so long that a new one would be no different. */
  isFull(nowMs: number): boolean {
    return !this.#isEmpty && this.#fullAtMs <= nowMs;
  }

  /** Messages have been read. When that was all it may send for now, the bucket is empty until its reader is told. */
  take(messages: number): void {
    const nowMs = performance.now();
    this.#fullAtMs = this.#messages.rate.taken(this.#fullAtMs, nowMs, messages);
    if (this.#isEmpty || this.emptyUntilMs <= nowMs) return;
    this.#isEmpty = true;
    this.#messages.wait(this);
  }

  /** For {@link MessageRate} alone. */
  refilled(): void {
    this.#isEmpty = false;
    this.#reader.resumeIfLow();
  }

  /** The client is gone. */
  end(): void {
    this.#messages.forget(this);
  }
}
