import { type Frames, Messages, textFrames } from './frame.ts';
import { FramePool } from './frame-pool.ts';
import type { LoopTurn, TurnEnd } from './loop-turn.ts';

/** Whoever messages are fanned out to. */
export interface Recipient {
  /** Writes messages, whose frames may be shared with other connections, in this order. Must not throw. */
  writeAll(messages: Messages): void;
}

/** Of texts that wait: with more, what a client may leave unread would be looked at too late. */
const maxWaitingLength = 16_384;

/** To so many there is nothing to be saved by waiting. */
const few = 4;

const nobody: readonly Recipient[] = [];

/**
 * Messages on their way to many connections, each framed once.
 *
 * What is sent to the same ones in a row is written to each in one go, at the end of the turn: to write sixteen
 * messages to one connection after the other costs hardly more than one, but sixteen walks through a thousand
 * connections do. Until then it waits here, so who writes to one connection, or lets its socket go, has to
 * {@link settle} first.
 */
export class FanOut implements TurnEnd {
  readonly #turn: LoopTurn;
  readonly #pool = new FramePool();
  #recipients = nobody;
  #texts: string[] = [];
  #length = 0;
  #isAwaited = false;

  constructor(turn: LoopTurn) {
    this.#turn = turn;
  }

  /** Messages that any number of connections can be written, also later. */
  messagesOf(texts: readonly string[]): Messages {
    return new Messages(texts, this.#pool.allocate);
  }

  /** A text as one frame that may be kept. */
  frameOf(text: string): Frames {
    return textFrames([text], this.#pool.allocate);
  }

  /** Sends a message to each of these, a list that is never changed. Returns how many there are. */
  send(recipients: readonly Recipient[], text: string): number {
    if (recipients.length <= few) this.#sendAtOnce(recipients, text);
    else this.#sendAtEnd(recipients, text);
    return recipients.length;
  }

  #sendAtOnce(recipients: readonly Recipient[], text: string): void {
    this.settle();
    const messages = this.messagesOf([text]);
    for (const recipient of recipients) recipient.writeAll(messages);
  }

  #sendAtEnd(recipients: readonly Recipient[], text: string): void {
    if (recipients !== this.#recipients) {
      this.settle();
      this.#recipients = recipients;
    }
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#length > maxWaitingLength) this.settle();
    else if (!this.#isAwaited) {
      this.#isAwaited = true;
      this.#turn.atLast(this);
    }
  }

  /** Writes what waits. */
  settle(): void {
    if (this.#texts.length === 0) return;
    const recipients = this.#recipients;
    const messages = this.messagesOf(this.#texts);
    this.#recipients = nobody;
    this.#texts = [];
    this.#length = 0;
    for (const recipient of recipients) recipient.writeAll(messages);
  }

  turnEnds(): void {
    this.#isAwaited = false;
    this.settle();
  }
}
