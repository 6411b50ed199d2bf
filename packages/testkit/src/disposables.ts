/** Things that end together, the last one first. What `AsyncDisposableStack` is, which Node has from 24 on. */
export class Disposables implements AsyncDisposable {
  readonly #entries: AsyncDisposable[] = [];

  use<T extends AsyncDisposable>(entry: T): T {
    this.#entries.push(entry);
    return entry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) {
      await entry[Symbol.asyncDispose]();
    }
  }
}
