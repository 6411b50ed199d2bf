import { compileCriteria, type Criteria } from '@wsbroker/protocol';
import type { HubConnection } from './connection.ts';

/** Which connections are meant: one, or all that match and are not excepted. */
export type Target =
  | { readonly wskey: string }
  | { readonly match?: Criteria | undefined; readonly except?: Criteria | undefined };

/** A connection with its place in the order of connecting, by which lists are paged. */
export interface Listed {
  readonly place: number;
  readonly connection: HubConnection;
}

/** All the connections of this process. */
export class Hub {
  readonly #open = new Map<string, Listed>();
  /** The backend has not agreed to them yet: only what it answers about them reaches them. */
  readonly #pending = new Map<string, HubConnection>();
  /** Their clients are gone, but events of theirs still wait; an answer may yet set their session. */
  readonly #leaving = new Map<string, HubConnection>();
  #lastPlace = 0;

  get size(): number {
    return this.#open.size;
  }

  /** A connection that nobody may reach until it is added. */
  hold(connection: HubConnection): void {
    this.#pending.set(connection.wskey, connection);
  }

  add(connection: HubConnection): void {
    this.#pending.delete(connection.wskey);
    this.#lastPlace += 1;
    this.#open.set(connection.wskey, { place: this.#lastPlace, connection });
  }

  /** The client is gone: no criteria match this connection any more. */
  leave(connection: HubConnection): void {
    const { wskey } = connection;
    if (this.#open.delete(wskey) || this.#pending.delete(wskey)) this.#leaving.set(wskey, connection);
  }

  /** The last event is delivered: nothing will ask for this connection again. */
  forget(connection: HubConnection): void {
    this.#open.delete(connection.wskey);
    this.#pending.delete(connection.wskey);
    this.#leaving.delete(connection.wskey);
  }

  /** Connections that are meant, in the order in which they connected; a pending one by its key alone. */
  *select(target: Target): Generator<HubConnection> {
    const pending = 'wskey' in target ? this.#pending.get(target.wskey) : undefined;
    if (pending) yield pending;
    for (const { connection } of this.list(target)) yield connection;
  }

  /** As {@link select}, each with its place, after the given one. */
  *list(target: Target, after = 0): Generator<Listed> {
    if ('wskey' in target) {
      const listed = this.#open.get(target.wskey);
      if (listed && listed.place > after) yield listed;
      return;
    }
    const isMatch = target.match && compileCriteria(target.match);
    const isExcept = target.except && compileCriteria(target.except);
    for (const listed of this.#open.values()) {
      if (listed.place <= after) continue;
      const { session } = listed.connection;
      if (isMatch && !isMatch(session)) continue;
      if (isExcept?.(session)) continue;
      yield listed;
    }
  }

  /** As {@link select}, and one connection that is meant by its key also when it is leaving. */
  *selectWithLeaving(target: Target): Generator<HubConnection> {
    yield* this.select(target);
    const leaving = 'wskey' in target ? this.#leaving.get(target.wskey) : undefined;
    if (leaving) yield leaving;
  }
}
