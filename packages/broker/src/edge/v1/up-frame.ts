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
