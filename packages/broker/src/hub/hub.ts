import { type Criteria, foldCriteria, type FoldedCriteria, matchesFolded } from '@wsbroker/protocol';
import type { HubConnection, SessionWatcher } from './connection.ts';
import type { Listed } from './listed-set.ts';
import { SessionIndex, type SessionIndexOptions } from './session-index.ts';

/** Which connections are meant: one, or all that match and are not excepted. */
export type Target =
  | { readonly wskey: string }
  | { readonly match?: Criteria | undefined; readonly except?: Criteria | undefined };

/** All the connections of this process. */
export class Hub {
  readonly #open = new Map<string, Listed>();
  /** The backend has not agreed to them yet: only what it answers about them reaches them. */
  readonly #pending = new Map<string, HubConnection>();
  /** Their clients are gone, but events of theirs still wait; an answer may yet set their session. */
  readonly #leaving = new Map<string, HubConnection>();
  readonly #index: SessionIndex;
  #lastPlace = 0;
  /** All that are open, once somebody has asked for them and until one comes or goes. */
  #everyone: readonly HubConnection[] | undefined;

  constructor(options?: SessionIndexOptions) {
    this.#index = new SessionIndex(this.#open, options);
  }

  get size(): number {
    return this.#open.size;
  }

  /** The fields of sessions by which connections are found without a look at each, and how many values each has. */
  get indexedValues(): Readonly<Record<string, number>> {
    return this.#index.values;
  }

  /** A connection that nobody may reach until it is added. */
  hold(connection: HubConnection): void {
    this.#pending.set(connection.wskey, connection);
  }

  add(connection: HubConnection): void {
    const { wskey } = connection;
    this.#pending.delete(wskey);
    this.#close(wskey);
    this.#lastPlace += 1;
    const listed = { place: this.#lastPlace, connection };
    this.#open.set(wskey, listed);
    this.#everyone = undefined;
    this.#index.add(listed);
    connection.watch(this.#watcher);
  }

  /** The client is gone: no criteria match this connection any more. */
  leave(connection: HubConnection): void {
    const { wskey } = connection;
    if (this.#close(wskey) || this.#pending.delete(wskey)) this.#leaving.set(wskey, connection);
  }

  /** The last event is delivered: nothing will ask for this connection again. */
  forget(connection: HubConnection): void {
    this.#close(connection.wskey);
    this.#pending.delete(connection.wskey);
    this.#leaving.delete(connection.wskey);
  }

  /** Connections that are meant, in the order in which they connected; a pending one by its key alone. */
  select(target: Target): readonly HubConnection[] {
    if ('wskey' in target) {
      const { wskey } = target;
      const connection = this.#pending.get(wskey) ?? this.#open.get(wskey)?.connection;
      return connection ? [connection] : [];
    }
    if (target.match || target.except) return connectionsOf(this.#listed(target));
    this.#everyone ??= connectionsOf(this.#open.values());
    return this.#everyone;
  }

  /** As {@link select}, and one connection that is meant by its key also when it is leaving. */
  selectWithLeaving(target: Target): readonly HubConnection[] {
    const leaving = 'wskey' in target ? this.#leaving.get(target.wskey) : undefined;
    return leaving ? [...this.select(target), leaving] : this.select(target);
  }

  /** Open connections that are meant, each with its place, after the given one. */
  *list(target: Target, after = 0): Generator<Listed> {
    if ('wskey' in target) {
      const listed = this.#open.get(target.wskey);
      if (listed && listed.place > after) yield listed;
      return;
    }
    for (const listed of this.#listed(target)) if (listed.place > after) yield listed;
  }

  #listed({ match, except }: Exclude<Target, { wskey: string }>): Iterable<Listed> {
    const wanted = match && foldCriteria(match);
    const unwanted = except && foldCriteria(except);
    const candidates = wanted && this.#index.candidates(wanted);
    const listed = candidates?.listed ?? this.#open.values();
    const isCertain = !wanted || wanted.size === 0 || candidates?.isCertain === true;
    return isCertain && !unwanted ? listed : meant(listed, isCertain ? undefined : wanted, unwanted);
  }

  /** Whether it was open; it is not any more. */
  #close(wskey: string): boolean {
    const listed = this.#open.get(wskey);
    if (!listed) return false;
    this.#open.delete(wskey);
    this.#everyone = undefined;
    this.#index.delete(listed);
    return true;
  }

  readonly #watcher: SessionWatcher = {
    shared: ({ wskey }) => {
      const listed = this.#open.get(wskey);
      if (listed) this.#index.share(listed);
    },
    change: ({ wskey }, change, apply) => {
      const listed = this.#open.get(wskey);
      if (listed) this.#index.change(listed, change, apply);
      else apply();
    },
  };
}

function* meant(
  listed: Iterable<Listed>,
  wanted: FoldedCriteria | undefined,
  unwanted: FoldedCriteria | undefined,
): Generator<Listed> {
  for (const one of listed) {
    const { session } = one.connection;
    if (wanted && !matchesFolded(wanted, session)) continue;
    if (unwanted && matchesFolded(unwanted, session)) continue;
    yield one;
  }
}

const connectionsOf = (listed: Iterable<Listed>): HubConnection[] => {
  const connections: HubConnection[] = [];
  for (const { connection } of listed) connections.push(connection);
  return connections;
};
