/** What was counted between `begin` and `end`. */
export interface Counted {
  readonly operations: number;
  /** Of some of the operations. */
  readonly latenciesMs: readonly number[];
}

/** Something that keeps a server busy, in a process of its own. Traffic runs from its start on. */
export interface Load {
  /** Does something else from now on: more at once, another command. */
  change?(params: never): void | Promise<void>;
  /** Counts from here on. */
  begin(): void;
  end(): Counted;
  /** Ends the traffic, and says what is known only then, such as what was lost. */
  stop(): Promise<Readonly<Record<string, number>>>;
}

/** Connects, and starts the traffic. Its parameters are JSON: they come from another process. */
export type StartLoad = (params: never) => Promise<Load>;
