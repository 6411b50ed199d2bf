import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '../../ops/logger.ts';

/** After so long, others get their turn of the event loop before encoding goes on. */
const maxTurnMs = 10;

/** So many items of a list take a millisecond or two. */
const itemsAtOnce = 250;

/**
 * Results as the JSON list that answers a command POST.
 *
 * In pieces: to encode the list of 10,000 connections takes 50 ms, and nobody would be served meanwhile. A handler's
 * result that JSON cannot hold costs that result alone.
 */
export const encodeResults = async (results: readonly unknown[], log: Log): Promise<string> => {
  const turn = { beganMs: performance.now() };
  const texts: string[] = [];
  for (const result of results) {
    try {
      texts.push(await encode(result, turn));
    } catch (error) {
      const message = `The result cannot be written as JSON: ${(error as Error).message}`;
      log.error({ error }, '! a command has a result that is no JSON:');
      texts.push(JSON.stringify({ error: { code: 'command-failed', message } }));
    }
    await inTurn(turn);
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

const encode = async (result: unknown, turn: Turn): Promise<string> => {
  if (isLongList(result)) return encodeList(result, turn);
  if (!isPage(result)) return jsonOf(result);
  const parts: string[] = [];
  for (const [key, value] of Object.entries(result)) {
    const text = isLongList(value)
      ? await encodeList(value, turn)
      : (JSON.stringify(value) as string | undefined);
    if (text !== undefined) parts.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${parts.join(',')}}`;
};

const encodeList = async (list: readonly unknown[], turn: Turn): Promise<string> => {
  const parts: string[] = [];
  for (let from = 0; from < list.length; from += itemsAtOnce) {
    parts.push(jsonOf(list.slice(from, from + itemsAtOnce)).slice(1, -1));
    await inTurn(turn);
  }
  return `[${parts.join(',')}]`;
};

interface Turn {
  beganMs: number;
}

/** Resolves once it is our turn (again). */
const inTurn = async (turn: Turn): Promise<void> => {
  if (performance.now() - turn.beganMs <= maxTurnMs) return;
  await nextTurn();
  turn.beganMs = performance.now();
};
