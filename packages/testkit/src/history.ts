/** A message of a client: unique by these two. */
export interface Numbered {
  readonly client: string;
  readonly n: number;
}

/** A message as it reached the backend. */
export interface Arrival extends Numbered {
  /** The header `webhook-id`. */
  readonly id: string;
  /** The `wskey` of the connection that it came under. */
  readonly connection: string;
}

/** A message on its way down, numbered by whoever caused it. */
export interface Downward {
  readonly from: string;
  readonly n: number;
  /** The client that it is meant for. */
  readonly to: string;
}

export interface DownwardArrival extends Downward {
  /** The client that it reached. */
  readonly at: string;
}

export interface ConnectionEvent {
  readonly type: 'session-connect' | 'session-disconnect';
  readonly id: string;
  readonly connection: string;
}

/** What happened, as each side has seen it: put down by the test, in order, and judged by `check`. */
export class History {
  readonly sent: Numbered[] = [];
  /** Of these the broker said that it has taken charge, or that they are processed. */
  readonly acknowledged: Numbered[] = [];
  /** Of these the client was told that they will never be processed: they count neither as lost nor as found. */
  readonly failed: Numbered[] = [];
  readonly arrivals: Arrival[] = [];
  readonly sentDown: Downward[] = [];
  readonly arrivedDown: DownwardArrival[] = [];
  readonly connectionEvents: ConnectionEvent[] = [];
  /** The connections that each client was told are its own. */
  readonly #owners = new Map<string, string>();
  readonly #excused = new Set<string>();

  /** The client has been told that it has this connection. */
  opened(client: string, connection: string): void {
    this.#owners.set(connection, client);
  }

  /** The client has been told that messages to it may be missing, or may come again: neither is a fault. */
  excuseDown(client: string): void {
    this.#excused.add(client);
  }

  ownerOf(connection: string): string | undefined {
    return this.#owners.get(connection);
  }

  isExcusedDown(client: string): boolean {
    return this.#excused.has(client);
  }
}
