import { isJsonObject, type UpFrame } from '@wsbroker/protocol';

/*
 * Reads what a client sends as a list, by hand: a schema would cost more than all else that is done with it. A
 * property test holds this equal to `upFrameSchema`, but for the message of a request, which is read as any
 * other message is.
 */

/** A frame, with the message of a request as it came. */
export type ReadFrame =
  Exclude<UpFrame, readonly ['request', ...unknown[]]> | readonly ['request', number, unknown];

const maxTokenLength = 128;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const openKeys: ReadonlySet<string> = new Set(['token', 'received']);

const isOpening = (value: unknown): value is { token?: string; received?: number } => {
  if (!isJsonObject(value) || Object.keys(value).some((key) => !openKeys.has(key))) return false;
  const { token, received } = value;
  if (received !== undefined && !isCount(received)) return false;
  return (
    token === undefined || (typeof token === 'string' && token.length > 0 && token.length <= maxTokenLength)
  );
};

/** A request as its text says it: the message in it is read as any other is. */
export interface RequestText {
  readonly id: number;
  readonly message: string;
}

/** `["request", 7,`: two items without structure, and a third one follows. */
const requestHead = /^(\[[^,[\]{}]*,[^,[\]{}]*),/;

const jsonSpace = /^[ \t\n\r]*$/;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The request in a frame; undefined when it is another frame, or none. */
export const requestOf = (text: string): RequestText | undefined => {
  const head = requestHead.exec(text)?.[1];
  if (head === undefined) return undefined;
  const [kind, id] = (parsed(`${head}]`) ?? []) as [unknown, unknown];
  if (kind !== 'request' || !isCount(id)) return undefined;
  const end = text.lastIndexOf(']');
  const isLast = end > head.length && jsonSpace.test(text.slice(end + 1));
  return isLast ? { id, message: text.slice(head.length + 1, end) } : undefined;
};

/** The frame of this text, or undefined when it is none of ours. */
export const readUpFrame = (text: string): ReadFrame | undefined => upFrameOf(parsed(text));

/** The frame, or undefined when it is none of ours. */
export const upFrameOf = (json: unknown): ReadFrame | undefined => {
  if (!Array.isArray(json)) return undefined;
  const [kind, first] = json as [unknown, unknown];
  const fits =
    kind === 'ack'
      ? json.length === 2 && isCount(first)
      : kind === 'request'
        ? json.length === 3 && isCount(first)
        : kind === 'open'
          ? json.length === 2 && isOpening(first)
          : (kind === 'ping' || kind === 'pong') && json.length === 1;
  return fits ? (json as unknown as ReadFrame) : undefined;
};
