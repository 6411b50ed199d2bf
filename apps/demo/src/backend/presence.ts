import { type BrokerClient, send } from '@wsbroker/backend-node';
import type { contract, Person, RoomSummary } from '../contract.ts';
import { firstRoom } from '../fields.ts';

/** What of the broker's client is used here. */
export type PresenceBroker = Pick<BrokerClient<typeof contract>, 'list' | 'run'>;

export interface PresenceOptions {
  readonly broker: PresenceBroker;
  /** Rooms that are shown although nobody is in them. */
  readonly quietRooms: () => readonly string[];
  readonly onError: (error: unknown) => void;
}

/** While the broker cannot be reached. */
const retryMs = 1_000;

/** More connections than these are not looked at. */
const maxConnections = 2_000;

/**
 * Tells everybody who is where.
 *
 * It remembers nothing of it: the broker holds the connections and what `session` has set on them, so a
 * backend that has just started knows as much as one that ran for a year.
 *
 * One announcement runs at a time, and each asks the broker first. Two that overtook each other could leave
 * a room with the older truth.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #changed = new Set<string>();
  #isAllChanged = false;
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Somebody came to or left these rooms. Resolves when it has been told; changes meanwhile are told together. */
  announce(...rooms: (string | undefined)[]): Promise<void> {
    for (const room of rooms) if (room !== undefined) this.#changed.add(room);
    return this.#run();
  }

  /** After a start: nobody knows what was told before. */
  announceAll(): Promise<void> {
    this.#isAllChanged = true;
    return this.#run();
  }

  #run(): Promise<void> {
    this.#running ??= this.#tellUntilTold().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #tellUntilTold(): Promise<void> {
    // Whoever called just now may have more to say in the same turn.
    await Promise.resolve();
    clearTimeout(this.#retry);
    while (this.#isAllChanged || this.#changed.size > 0) {
      const isChanged = this.#isAllChanged ? () => true : isIn(new Set(this.#changed));
      this.#isAllChanged = false;
      this.#changed.clear();
      try {
        await this.#tell(isChanged);
      } catch (error) {
        this.#options.onError(error);
        // What was to be told is told when the broker is there again.
        this.#isAllChanged = true;
        this.#retry = setTimeout(() => void this.#run(), retryMs).unref();
        return;
      }
    }
  }

  /** Who is in a room now, and what rooms there are. */
  async look(room: string): Promise<{ people: Person[]; rooms: RoomSummary[] }> {
    const rooms = await this.#list();
    return { people: rooms.get(room) ?? [], rooms: summaries(rooms, this.#options.quietRooms()) };
  }

  async #list(): Promise<Map<string, Person[]>> {
    const { connections } = await this.#options.broker.list({
      fields: ['room', 'user', 'name'],
      limit: maxConnections,
    });
    return peopleByRoom(connections);
  }

  async #tell(isChanged: (room: string) => boolean): Promise<void> {
    const { broker, quietRooms } = this.#options;
    const rooms = await this.#list();
    const told = [...rooms].filter(([room]) => isChanged(room));
    await broker.run([
      ...told.map(([room, people]) => send({ type: 'people' as const, room, people }, { match: { room } })),
      send({ type: 'rooms', rooms: summaries(rooms, quietRooms()) }),
    ]);
  }
}

const isIn =
  (rooms: ReadonlySet<string>) =>
  (room: string): boolean =>
    rooms.has(room);

/** Somebody with two tabs is one person. */
const peopleByRoom = (
  connections: readonly { readonly room?: string; readonly user?: string; readonly name?: string }[],
): Map<string, Person[]> => {
  const rooms = new Map<string, Map<string, Person>>();
  for (const { room, user, name } of connections) {
    // A connection that has not entered yet.
    if (room === undefined || user === undefined || name === undefined) continue;
    const people = rooms.get(room) ?? new Map<string, Person>();
    rooms.set(room, people.set(user, { user, name }));
  }
  return new Map([...rooms].map(([room, people]) => [room, [...people.values()].toSorted(byName)]));
};

const byName = (a: Person, b: Person): number => a.name.localeCompare(b.name) || a.user.localeCompare(b.user);

/** The first room first, the others by name: a list that does not move under the pointer. */
const summaries = (
  rooms: ReadonlyMap<string, readonly Person[]>,
  quietRooms: readonly string[],
): RoomSummary[] => {
  const others = new Set([...rooms.keys(), ...quietRooms]);
  others.delete(firstRoom);
  return [firstRoom, ...[...others].toSorted()].map((room) => ({
    room,
    people: rooms.get(room)?.length ?? 0,
  }));
};
