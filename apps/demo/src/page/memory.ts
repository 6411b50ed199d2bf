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
  const { token, wish, pending } = (value ?? {}) as Partial<TabMemory>;
  if (typeof token !== 'string' || !/^[\w-]{16,64}$/.test(token) || !Array.isArray(pending)) return false;
  if (wish !== undefined && (nameProblem(String(wish.name)) ?? roomProblem(String(wish.room)))) return false;
  return (pending as PendingLine[]).every(
    ({ id, room, text, atMs }) =>
      typeof id === 'string' &&
      !roomProblem(String(room)) &&
      !textProblem(String(text)) &&
      typeof atMs === 'number',
  );
};
