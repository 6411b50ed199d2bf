import type { Log } from '../../ops/logger.ts';
import { SharedTurns } from '../../ops/shared-turns.ts';

/** So many items of a list take a millisecond or two. */
const itemsAtOnce = 250;

/**
 * Results as the JSON list that answers a command POST.
 *
 * In pieces: to encode the list of 10,000 connections takes 50 ms, and nobody would be served meanwhile. A handler's
 * result that JSON cannot hold costs that result alone.
 */
export const encodeResults = async (results: readonly unknown[], log: Log): Promise<string> => {
  const turns = new SharedTurns();
  const texts: string[] = [];
  for (const result of results) {
    try {
      texts.push(await encode(result, turns));
    } catch (error) {
      const message = `The result cannot be written as JSON: ${(error as Error).message}`;
      log.error({ error }, '! a command has a result that is no JSON:');
      texts.push(JSON.stringify({ error: { code: 'command-failed', message } }));
    }
    if (turns.isOver) await turns.next();
  }
  return `[${texts.join(',')}]`;
};

/** A function or `undefined` is no JSON, which the types do not say. */
const jsonOf = (value: unknown): string => {
  const text: unknown = JSON.stringify(value);
  return typeof text === 'string' ? text : 'null';
};

const isLongList = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.length > itemsAtOnce;

/** What a `list` with a `limit` gives: an object with a list in it. */
const isPage = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  !('toJSON' in value) &&
  Object.values(value).some(isLongList);

const encode = async (result: unknown, turns: SharedTurns): Promise<string> => {
  if (isLongList(result)) return encodeList(result, turns);
  if (!isPage(result)) return jsonOf(result);
  const parts: string[] = [];
  for (const [key, value] of Object.entries(result)) {
    const text = isLongList(value)
      ? await encodeList(value, turns)
      : (JSON.stringify(value) as string | undefined);
    if (text !== undefined) parts.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${parts.join(',')}}`;
};

const encodeList = async (list: readonly unknown[], turns: SharedTurns): Promise<string> => {
  const parts: string[] = [];
  for (let from = 0; from < list.length; from += itemsAtOnce) {
    parts.push(jsonOf(list.slice(from, from + itemsAtOnce)).slice(1, -1));
    if (turns.isOver) await turns.next();
  }
  return `[${parts.join(',')}]`;
};
