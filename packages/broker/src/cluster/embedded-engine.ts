import type { Apply, Engine } from './engine.ts';

/** This process is all there is. */
export class EmbeddedEngine<Operation, Outcome> implements Engine<Operation, Outcome> {
  readonly #apply: Apply<Operation, Outcome>;

  constructor(apply: Apply<Operation, Outcome>) {
    this.#apply = apply;
  }

  publish(operation: Operation): readonly Outcome[] {
    return [this.#apply(operation)];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
