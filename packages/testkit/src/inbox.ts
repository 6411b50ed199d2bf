interface Waiter<T> {
  readonly predicate: (item: T) => boolean;
  readonly take: (item: T) => void;
  readonly refuse: (error: Error) => void;
}

/**
 * What has arrived, and who waits for it.
 *
 * `next` takes the first item that nobody has taken yet and that satisfies the predicate; the items
 * before it stay for later calls, so a test need not know how two independent streams interleave.
 */
export class Inbox<T> {
  /** Everything that ever arrived, in order, taken or not. */
  readonly all: T[] = [];
  readonly #what: string;
  #untaken: T[] = [];
  #waiters: Waiter<T>[] = [];
  #ended: string | undefined;

  constructor(what: string) {
    this.#what = what;
  }

  put(item: T): void {
    this.all.push(item);
    for (const waiter of this.#waiters) {
      let wanted: boolean;
      try {
        wanted = waiter.predicate(item);
      } catch (cause) {
        waiter.refuse(new Error(`The predicate of next() threw for ${shown(item)}`, { cause }));
        continue;
      }
      if (!wanted) continue;
      waiter.take(item);
      return;
    }
    this.#untaken.push(item);
  }

  /** Nothing more will arrive: who waits now or later is told `reason`. */
  end(reason: string): void {
    this.#ended = reason;
    for (const waiter of this.#waiters) waiter.refuse(new Error(this.#problem(reason)));
  }

  /** Undoes {@link end}. */
  reopen(): void {
    this.#ended = undefined;
  }

  next(predicate: (item: T) => boolean = () => true, timeoutMs = 20_000): Promise<T> {
    const at = this.#untaken.findIndex(predicate);
    if (at >= 0) return Promise.resolve(this.#untaken.splice(at, 1)[0] as T);
    if (this.#ended !== undefined) return Promise.reject(new Error(this.#problem(this.#ended)));
    // Made here, so that its stack names the test that waits.
    const late = new Error();
    return new Promise<T>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
      };
      const waiter: Waiter<T> = {
        predicate,
        take: (item) => {
          settle();
          resolve(item);
        },
        refuse: (error) => {
          settle();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        late.message = this.#problem(`none within ${timeoutMs} ms`);
        waiter.refuse(late);
      }, timeoutMs);
      this.#waiters.push(waiter);
    });
  }

  #problem(reason: string): string {
    const seen = this.all.slice(-10).map(shown);
    return `Waited for ${this.#what}: ${reason}. ${this.all.length} arrived${seen.length > 0 ? `, the last ones: ${seen.join(' ')}` : ''}`;
  }
}

const shown = (item: unknown): string => {
  const text = typeof item === 'string' ? item : (JSON.stringify(item) ?? String(item));
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};
