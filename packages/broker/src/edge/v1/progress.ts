/**
 * How far a series of numbers is complete, from 1 on, when they come in any order.
 *
 * What came early is kept as ranges: messages that a handler deals with at once may be thousands behind one
 * that waits for the backend, and still are one range.
 */
export class Progress {
  #through = 0;
  /** Behind a number that is missing, in rising order: first and last of each. */
  readonly #early: [from: number, to: number][] = [];

  constructor(through = 0) {
    this.#through = through;
  }

  /** All from 1 to this one are there. */
  get through(): number {
    return this.#through;
  }

  add(n: number): void {
    if (n <= this.#through) return;
    if (n === this.#through + 1) {
      const next = this.#early[0];
      if (next?.[0] === n + 1) this.#early.shift();
      this.#through = next?.[0] === n + 1 ? next[1] : n;
      return;
    }
    // Nearly always the newest.
    let at = this.#early.length;
    while (at > 0 && (this.#early[at - 1]?.[0] ?? 0) > n) at -= 1;
    const before = this.#early[at - 1];
    const after = this.#early[at];
    if (before && before[1] >= n) return;
    const joinsBefore = before?.[1] === n - 1;
    const joinsAfter = after?.[0] === n + 1;
    if (joinsBefore && joinsAfter) this.#early.splice(at - 1, 2, [before[0], after[1]]);
    else if (joinsBefore) before[1] = n;
    else if (joinsAfter) after[0] = n;
    else this.#early.splice(at, 0, [n, n]);
  }

  /** How many ranges are kept. */
  get size(): number {
    return this.#early.length;
  }
}
