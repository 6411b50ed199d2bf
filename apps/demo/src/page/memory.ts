import type { PendingLine, Wish } from './chat-state.ts';
import { nameProblem, roomProblem, textProblem } from '../fields.ts';

/** What a tab knows when it is loaded again. */
export interface TabMemory {
  /** The tab's secret, from which the backend makes its `user`. */
  readonly token: string;
  readonly wish: Wish | undefined;
  /** Lines that were not confirmed. */
  readonly pending: readonly PendingLine[];
}

type TextStore = Pick<Storage, 'getItem' | 'setItem'>;

const tabKey = 'wsbroker-demo.tab';
const nameKey = 'wsbroker-demo.name';

/**
 * Who this tab is goes into the session storage: two tabs are two people. The name is remembered for the
 * next new tab. A browser that forbids storage has a chat all the same, and forgets.
 */
export class Memory {
  readonly #session: TextStore | undefined;
  readonly #local: TextStore | undefined;

  constructor(session: () => TextStore, local: () => TextStore) {
    // Only to touch `sessionStorage` throws where it is forbidden.
    this.#session = attempt(session);
    this.#local = attempt(local);
  }

  load(): TabMemory {
    const stored = attempt(() => JSON.parse(this.#session?.getItem(tabKey) ?? 'null') as unknown);
    return isTabMemory(stored) ? stored : { token: newToken(), wish: undefined, pending: [] };
  }

  store(memory: TabMemory): void {
    attempt(() => this.#session?.setItem(tabKey, JSON.stringify(memory)));
  }

  get lastName(): string {
    return attempt(() => this.#local?.getItem(nameKey)) ?? '';
  }

  set lastName(name: string) {
    attempt(() => this.#local?.setItem(nameKey, name));
  }
}

/** 128 random bits. Not `randomUUID`: over plain HTTP, as on a phone in the same network, there is none. */
const newToken = (): string => randomText(16);

/** As long as it takes for two never to be the same. */
export const newLineId = (): string => randomText(12);

const randomText = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');

const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** What an older version of this page stored must not end this one. */
const isTabMemory = (value: unknown): value is TabMemory => {
  const { token, wish, pending } = (value ?? {}) as Partial<Record<keyof TabMemory, unknown>>;
  return (
    fits(token, (text) => (/^[\w-]{16,64}$/.test(text) ? undefined : 'no token')) &&
    (wish === undefined || isWish(wish)) &&
    Array.isArray(pending) &&
    pending.every(isPendingLine)
  );
};

const isWish = (value: unknown): value is Wish => {
  const { name, room } = (value ?? {}) as Partial<Record<keyof Wish, unknown>>;
  return fits(name, nameProblem) && fits(room, roomProblem);
};

const isPendingLine = (value: unknown): value is PendingLine => {
  const { id, room, text, atMs } = (value ?? {}) as Partial<Record<keyof PendingLine, unknown>>;
  return (
    typeof id === 'string' && fits(room, roomProblem) && fits(text, textProblem) && typeof atMs === 'number'
  );
};

const fits = (value: unknown, problem: (text: string) => string | undefined): boolean =>
  typeof value === 'string' && problem(value) === undefined;
