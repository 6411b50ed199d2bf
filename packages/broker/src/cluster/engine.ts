/** Runs an operation on the connections of this process. */
export type Apply<Operation, Outcome> = (operation: Operation) => Outcome;

/**
 * How several broker processes act as one. Commands reach connections through it alone.
 *
 * `publish` runs the operation once on every process that may hold a match, this one included, and gives
 * one outcome a process. An engine of one process answers at once; others give a promise.
 */
export interface Engine<Operation, Outcome> {
  publish(operation: Operation): readonly Outcome[] | Promise<readonly Outcome[]>;
  close(): Promise<void>;
}
