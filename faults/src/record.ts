import { readFileSync } from 'node:fs';
import type { History } from '@wsbroker/testkit';

/** A line of the backend's record: one POST that it has taken. */
export interface RecordedPost {
  readonly id: string;
  readonly attempt: number;
  readonly connection: string;
  readonly type: string;
  readonly client: string;
  readonly n: number;
}

/** A line that was being written when the process was killed has no end yet, and was not answered. */
export const readRecord = (file: string, fromByte = 0): RecordedPost[] =>
  readFileSync(file)
    .subarray(fromByte)
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [id = '', attempt, connection = '', type = '', client = '', n] = line.split('\t');
      return { id, attempt: Number(attempt), connection, type, client, n: Number(n) };
    });

/** Puts what the backend has seen into the history. */
export const addRecord = (history: History, posts: readonly RecordedPost[]): void => {
  for (const { id, connection, type, client, n } of posts) {
    if (type === 'session-connect' || type === 'session-disconnect') {
      history.connectionEvents.push({ id, type, connection });
    } else if (type !== 'client-join') {
      history.arrivals.push({ id, client, n, connection });
    }
  }
};

/** How many events there were, and how many attempts: those that found nobody as well, since each is numbered. */
export const attemptsIn = (posts: readonly RecordedPost[]): { events: number; attempts: number } => {
  const attempts = new Map<string, number>();
  for (const { id, attempt } of posts) attempts.set(id, Math.max(attempt, attempts.get(id) ?? 0));
  return { events: attempts.size, attempts: [...attempts.values()].reduce((sum, n) => sum + n, 0) };
};

const distinct = (posts: readonly RecordedPost[], type: string): number =>
  new Set(posts.filter((post) => post.type === type).map(({ connection }) => connection)).size;

/** Connections of which the backend has seen the end. */
export const disconnectsIn = (posts: readonly RecordedPost[]): number =>
  distinct(posts, 'session-disconnect');
/** Connections that have begun and not ended. */
export const openIn = (posts: readonly RecordedPost[]): number =>
  distinct(posts, 'session-connect') - disconnectsIn(posts);
