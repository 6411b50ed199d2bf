import { FramePool } from './frame-pool.ts';
import { Gathering } from './gathering.ts';

/** A socket that frames are owed to. */
export interface Owing {
  /** Writes what is owed. Must not throw. */
  flush(): void;
}

/** Something that has to be written, but is not known before the turn ends. */
export interface TurnEnd {
  /** Must not throw. */
  turnEnds(): void;
}

/** After so long others get their turn before the rest is written: 10,000 sockets take a tenth of a second. */
const maxFlushMs = 20;
/** The clock is looked at once for so many sockets. */
const fewSockets = 16;

/**
 * One turn of the event loop, at whose end all that was sent in it is written: once a socket, however many messages
 * there were. Nothing waits for more to come: the end of the turn is where Node's own answers are written, too.
 *
 * What is sent while a long end of a turn is under way is written with what the socket is owed already.
 */
export class LoopTurn {
  readonly #pool = new FramePool();
  #empty = Gathering.empty(this.#pool.allocate);
  #owing: Owing[] = [];
  /** Of those, so many were served. */
  #served = 0;
  #ends: TurnEnd[] = [];
  #lastEnds: TurnEnd[] = [];
  #flushBeganMs = 0;
  /** What is written now need not wait, so many sockets long. */
  #direct = 0;
  #isScheduled = false;

  /** The first frame that a socket is owed; it is flushed at the end of this turn. */
  begin(socket: Owing, frame: Buffer): Gathering {
    this.#owing.push(socket);
    this.#schedule();
    return this.#empty.followedBy(frame);
  }

  /** Runs before anything is written. What it sends is written with the rest. */
  atEnd(end: TurnEnd): void {
    this.#ends.push(end);
    this.#schedule();
  }

  /** Runs after all other ends: nothing else will be sent in this turn. */
  atLast(end: TurnEnd): void {
    this.#lastEnds.push(end);
    this.#schedule();
  }

  /**
   * Whether a socket that is owed nothing can be written to at once: nothing else is sent in this turn, no socket waits
   * longer than it does, and there is time. To be asked before each write.
   */
  takesNow(): boolean {
    if (this.#direct === 0) return false;
    this.#direct -= 1;
    if (this.#direct === 0 && !this.#isLate) this.#direct = fewSockets;
    return this.#direct > 0;
  }

  get #isLate(): boolean {
    return performance.now() - this.#flushBeganMs > maxFlushMs;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#end);
  }

  readonly #end = (): void => {
    // Still scheduled: what is sent from here on needs no end of its own.
    const ends = this.#ends;
    this.#ends = [];
    for (const end of ends) end.turnEnds();
    this.#flushBeganMs = performance.now();
    this.#endLast();
    this.#flush();
    this.#isScheduled = false;
    if (this.#owing.length + this.#ends.length + this.#lastEnds.length > 0) this.#schedule();
  };

  #endLast(): void {
    const ends = this.#lastEnds;
    this.#lastEnds = [];
    // Where others are owed something it is their turn first, and what they are sent now goes along.
    this.#direct = this.#owing.length === 0 ? fewSockets : 0;
    for (const end of ends) end.turnEnds();
    this.#direct = 0;
  }

  #flush(): void {
    while (this.#served < this.#owing.length) {
      if (this.#served % fewSockets === fewSockets - 1 && this.#isLate) return;
      const socket = this.#owing[this.#served];
      this.#served += 1;
      socket?.flush();
    }
    this.#owing = [];
    this.#served = 0;
    // What was shared in this turn is let go.
    this.#empty = Gathering.empty(this.#pool.allocate);
  }
}
