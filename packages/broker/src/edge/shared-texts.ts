/** So many are kept twice over, and none that is longer. */
const defaultMaxTexts = 256;
const maxLength = 512;

/**
 * Texts that many clients send alike, such as the name of a browser: kept once in place of once for each client.
 *
 * The memory of it is short: a text that was not seen again among the last so many is forgotten here, and one that
 * comes once only, such as a cookie, is soon gone. What was given out is not touched by that.
 */
export class SharedTexts {
  readonly #maxTexts: number;
  #recent = new Map<string, string>();
  #before = new Map<string, string>();
  /** By place. */
  readonly #last: string[] = [];

  constructor(maxTexts: number = defaultMaxTexts) {
    this.#maxTexts = maxTexts;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#recent.size + this.#before.size;
  }

  /**
   * The same text, as one that was given out before where there is one.
   * @param place Where it stands among those of a client: clients of a kind often come in a row, and what the last one
   *   had there is found without a look into the memory. There may be as many places as one client has texts.
   */
  of(text: string, place: number): string {
    if (text.length > maxLength) return text;
    const last = this.#last[place];
    if (last === text) return last;
    const known = this.#known(text);
    this.#last[place] = known;
    return known;
  }

  #known(text: string): string {
    const recent = this.#recent.get(text);
    if (recent !== undefined) return recent;
    const known = this.#before.get(text) ?? text;
    if (this.#recent.size >= this.#maxTexts) {
      this.#before = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(known, known);
    return known;
  }
}
