import { Line } from './line.ts';
import type { Lane, Turn } from './turn.ts';

/** How much one request may bring. */
export interface BatchBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** The turns of events that wait for permission, by what goes first. */
export class WaitingTurns<T extends Turn> {
  /** Of events that were attempted before: they go first, but for probes. */
  readonly #tried = new Line<T>();
  readonly #fresh = new Line<T>();
  /** Of connections that are not quick. Empty while the backend is down. */
  readonly #slow = new Line<T>();
  readonly #hung = new Line<T>();

  /** Of connections that are quick, or were when the backend went down. */
  get quick(): number {
    return this.#tried.length + this.#fresh.length;
  }

  get slow(): number {
    return this.#slow.length;
  }

  get notQuick(): number {
    return this.#slow.length + this.#hung.length;
  }

  push(turn: T): void {
    (turn.lane.pace === 'quick' ? this.#lineOf(turn) : this.#lineOfPace(turn.lane)).push(turn);
  }

  /** While the backend is down all connections take part in the rotation of probes alike. */
  pushWhileDown(turn: T): void {
    this.#lineOf(turn).push(turn);
  }

  /** The backend went down. */
  mix(): void {
    for (const line of [this.#slow, this.#hung]) {
      for (const turn of line.takeWhere(() => true)) this.#tried.push(turn);
    }
  }

  /** One that was never attempted first: those that were may be poison. */
  nextProbe(): T | undefined {
    return this.#fresh.shift() ?? this.#tried.shift();
  }

  nextQuick(): T | undefined {
    return this.#shiftQuick(this.#tried) ?? this.#shiftQuick(this.#fresh);
  }

  nextSlow(): T | undefined {
    return this.#slow.shift();
  }

  nextNotQuick(): T | undefined {
    return this.#slow.shift() ?? this.#hung.shift();
  }

  /**
   * The turn and those that go in the same request, each encoded just now: of quick connections alone, since all are
   * answered together.
   */
  withOthers(first: T, { maxEvents, maxBytes }: BatchBounds): T[] {
    const turns = [first];
    let bytes = first.encode();
    if (first.isAlone || first.lane.pace !== 'quick') return turns;
    while (turns.length < maxEvents) {
      const next = this.#firstQuick(this.#tried) ?? this.#firstQuick(this.#fresh);
      if (!next || next.isAlone) break;
      bytes += next.encode();
      if (bytes > maxBytes) break;
      this.#lineOf(next).shift();
      turns.push(next);
    }
    return turns;
  }

  takeWhere(leaves: (turn: T) => boolean): T[] {
    return [this.#tried, this.#fresh, this.#slow, this.#hung].flatMap((line) => line.takeWhere(leaves));
  }

  #lineOf({ isTried }: T): Line<T> {
    return isTried ? this.#tried : this.#fresh;
  }

  #lineOfPace({ pace }: Lane): Line<T> {
    return pace === 'hung' ? this.#hung : this.#slow;
  }

  #shiftQuick(line: Line<T>): T | undefined {
    const turn = this.#firstQuick(line);
    if (turn) line.shift();
    return turn;
  }

  /** Those that are not quick were not told apart while the backend was down: they go to where they belong. */
  #firstQuick(line: Line<T>): T | undefined {
    for (let turn = line.first; turn; turn = line.first) {
      if (turn.lane.pace === 'quick') return turn;
      line.shift();
      this.#lineOfPace(turn.lane).push(turn);
    }
    return undefined;
  }
}
