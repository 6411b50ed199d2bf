/** Where errors go that no caller waits for. */
export type ErrorSink = (error: unknown) => void;

/**
 * As the browser does with a listener that throws: into the console and `window.onerror`, and in Node, which
 * has no `reportError`, an uncaught exception.
 */
export const reportUnhandled: ErrorSink = (error) => {
  if (typeof reportError === 'function') reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
};

/** Functions that are told of something, each on its own: one that throws does not stop the next. */
export class Listeners<T> {
  readonly #onError: ErrorSink;
  readonly #entries = new Set<(value: T) => void>();

  constructor(onError: ErrorSink) {
    this.#onError = onError;
  }

  /** The same function may be added twice; each addition has its own undo. */
  add(listener: (value: T) => void): () => void {
    const entry = (value: T) => listener(value);
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /**
   * Tells those that are there now, but no longer one that another has taken away meanwhile. Returns whether
   * there was anybody.
   */
  emit(value: T): boolean {
    const entries = [...this.#entries];
    for (const entry of entries) {
      if (this.#entries.has(entry)) this.call(entry, value);
    }
    return entries.length > 0;
  }

  /** The same as `add`, and tells at once. */
  follow(this: Listeners<void>, listener: () => void): () => void {
    const undo = this.add(listener);
    this.call(listener);
    return undo;
  }

  call(listener: (value: T) => void, value: T): void {
    try {
      listener(value);
    } catch (error) {
      this.#onError(error);
    }
  }
}
