import { BackendError } from './backend-error.ts';

/**
 * Remembers the ids of events with their answers, so that an event that comes again is not handled again.
 *
 * One method, so that a store can do all of it in one transaction of its database.
 *
 * @example
 * // With a database that takes transactions: the id and what the handlers write commit together.
 * const store: DedupeStore = {
 *   once: (id, handle) =>
 *     database.transaction(async (sql) => {
 *       const [known] = await sql`select answer from events where id = ${id}`;
 *       if (known !== undefined) return known.answer;
 *       const answer = await handle();
 *       await sql`insert into events (id, answer) values (${id}, ${answer})`;
 *       return answer;
 *     }),
 * };
 */
export interface DedupeStore {
  /**
   * Gives the answer that is stored under this id, or else what `handle` gives, and stores that.
   *
   * Where `handle` rejects, nothing is stored and `once` rejects with the same error. While one call is at work on
   * an id, another with the same id must not call its `handle`: it waits for the first, or rejects with
   * {@link EventBusy}, in this process or any other.
   *
   * @param id The header `webhook-id`.
   * @param handle Calls the handlers; gives a text.
   */
  once(id: string, handle: () => Promise<string>): Promise<string>;
}

/** Another attempt of the event is still being handled. Answered 503 with `Retry-After`: the broker tries again. */
export class EventBusy extends BackendError {
  override readonly name = 'EventBusy';

  constructor(id: string, options?: ErrorOptions) {
    super('event-busy', `The event ${id} is still being handled from an earlier attempt: try again`, options);
  }
}

/** By code: an application may hold an ESM and a CJS copy of the class. */
export const isEventBusy = (error: unknown): error is EventBusy =>
  error instanceof Error && 'code' in error && error.code === 'event-busy';

/** How long ids are kept: a broker with a journal tries an event for 24 hours. */
export const defaultTtlMs = 25 * 60 * 60 * 1_000;
