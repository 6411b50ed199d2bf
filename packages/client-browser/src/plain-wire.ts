import type { AnyMessage } from '@wsbroker/protocol';
import { ClientError } from './client-error.ts';

/** A message as it goes out. */
export interface Encoded {
  readonly text: string;
  /** Its length on the wire. */
  readonly bytes: number;
}

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * Messages are the same on both wires: one JSON object in one text frame, both ways.
 *
 * @param request With its number, as a request of `wsbroker.v1`.
 * @throws {ClientError} `not-json` for what JSON cannot hold, and for anything but an object; `too-large`.
 */
export const encode = (message: unknown, maxMessageBytes: number, request = 0): Encoded => {
  let text: string | undefined;
  try {
    text = JSON.stringify(message) as string | undefined;
  } catch (cause) {
    throw new ClientError('not-json', `The message is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (text?.[0] !== '{') {
    throw new ClientError('not-json', `The message is ${text}: expected an object with a type`);
  }
  if (request) text = `["request",${request},${text}]`;
  const bytes = encoder.encode(text).length;
  if (bytes > maxMessageBytes) {
    throw new ClientError('too-large', `The message has ${bytes} bytes, of at most ${maxMessageBytes}`);
  }
  return { text, bytes };
};

/** @throws {ClientError} `bad-message` for anything but a JSON object with a string `type`. */
export const decode = (data: unknown): AnyMessage => {
  let message: unknown;
  let cause: unknown;
  try {
    // Binary frames come as objects, whose text is no JSON.
    message = JSON.parse(String(data));
  } catch (error) {
    cause = error;
  }
  if (typeof (message as AnyMessage | null | undefined)?.type !== 'string') {
    throw new ClientError(
      'bad-message',
      `Received ${String(data).slice(0, 80)}: expected an object with a type`,
      { cause },
    );
  }
  return message as AnyMessage;
};
