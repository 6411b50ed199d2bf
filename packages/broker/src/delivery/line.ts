/** Below this, the places that were left are not worth giving back. */
const minGapLength = 1_024;

/** First come, first served; cheap also with as many waiting as there are connections. */
export class Line<T> {
  #items: (T | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  get first(): T | undefined {
    return this.#items[this.#first];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first += 1;
    if (this.length === 0 || (this.#first > minGapLength && this.#first > this.length)) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** Takes out all that leave; the others keep their order. */
  takeWhere(leaves: (item: T) => boolean): T[] {
    const items = this.#items.slice(this.#first) as T[];
    const taken: T[] = [];
    this.#first = 0;
    this.#items = items.filter((item) => {
      if (!leaves(item)) return true;
      taken.push(item);
      return false;
    });
    return taken;
  }
}
