import {
  type ClientMessage,
  clientEventType,
  type ErrorCode,
  isJsonObject,
  messageTypePattern,
} from '@wsbroker/protocol';
import { type MessageScan, scanMessage } from './message-scan.ts';

/** A client's message. */
export interface TakenMessage {
  /** As JSON says it. */
  readonly message: ClientMessage;
  /**
   * Its event: the text as it came, with `client-` in its type. Numbers that JavaScript cannot hold, the order of
   * keys and their spelling arrive as they were written.
   */
  readonly eventJson: string;
}

/** A client's message, or why it cannot be taken. */
export type ReadMessage =
  | ({ readonly ok: true } & TakenMessage)
  | { readonly ok: false; readonly code: ErrorCode; readonly text: string };

const expected = 'expected an object such as {"type":"hello"}';

const refused = (text: string): ReadMessage => ({ ok: false, code: 'bad-message', text });

const withoutProto = (key: string, value: unknown): unknown => (key === '__proto__' ? undefined : value);

/** Every escape of a JSON text; a pair of surrogates is one, half of a pair is captured. */
const escapes = /\\(?:ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|(ud[89a-f][\da-f]{2})|.)/gi;

/**
 * The text with U+FFFD in place of each half of a surrogate pair. It stays as long as it was.
 *
 * A client that cuts a text in the middle of an emoji sends `\ud83d`, which is JSON, but no Unicode: PHP's
 * `json_decode` refuses all of the message, and others cannot encode it again.
 */
const withWholeCharacters = (text: string): string =>
  text.replace(escapes, (escape: string, half: string | undefined) =>
    half === undefined ? escape : '\\ufffd',
  );

/** What is wrong with a value as a type, for the client's developer. */
const unusable = (type: unknown): string => {
  if (type === null) return 'is null';
  if (typeof type !== 'string') return `is no text but ${Array.isArray(type) ? 'list' : typeof type}`;
  return type.length > 64 ? `has ${type.length} characters` : `is ${JSON.stringify(type)}`;
};

/** Why a message that is JSON cannot be taken; undefined when it can. */
const problemOf = (message: unknown, { types, misspelledType }: MessageScan): string | undefined => {
  if (!isJsonObject(message)) {
    return `The message is not an object: ${expected}`;
  }
  if (types > 1) return 'The message has `type` twice, and programs differ in which they take: send one';
  if (misspelledType !== undefined) {
    return `The message has a key "${misspelledType}", which programs may take for \`type\`: spell it so, or name it otherwise`;
  }
  const { type } = message;
  if (type === undefined || (typeof type === 'string' && messageTypePattern.test(type))) return undefined;
  return `The message's \`type\` ${unusable(type)}: expected 1 to 64 of A-Z a-z 0-9 . _ : -`;
};

/** The text of a message that can be taken, as its event's. */
const eventTextOf = (text: string, type: string | undefined, typeAt: number): string => {
  const eventType = clientEventType(type);
  if (type !== undefined) {
    // Empty where the client has written it itself.
    const prefix = eventType.slice(0, -type.length);
    return `${text.slice(0, typeAt + 1)}${prefix}${text.slice(typeAt + 1)}`;
  }
  const inside = text.indexOf('{') + 1;
  const rest = text.slice(inside);
  const comma = rest.trimStart().startsWith('}') ? '' : ',';
  return `${text.slice(0, inside)}"type":"${eventType}"${comma}${rest}`;
};

/**
 * Reads a message of a client; undefined is what was no UTF-8.
 * @param maxDepth Deeper JSON is refused before it is parsed: to encode it again could overflow the stack.
 */
export const readClientMessage = (received: string | undefined, maxDepth: number): ReadMessage => {
  if (received === undefined) return refused('The message is not UTF-8: send text');
  const scan = scanMessage(received);
  if (scan.depth > maxDepth) return refused(`The message is nested deeper than ${maxDepth}: send it flatter`);
  const text = scan.hasSurrogateEscape ? withWholeCharacters(received) : received;
  let json: unknown;
  try {
    json = scan.hasProto ? JSON.parse(text, withoutProto) : JSON.parse(text);
  } catch (error) {
    const { message: why } = error as Error;
    return { ok: false, code: 'not-json', text: `The message is not JSON: ${why}: ${expected}` };
  }
  const problem = problemOf(json, scan);
  if (problem !== undefined) return refused(problem);
  const message = json as ClientMessage;
  const eventJson = scan.hasProto
    ? JSON.stringify({ ...message, type: clientEventType(message.type) })
    : eventTextOf(text, message.type, scan.typeAt);
  return { ok: true, message, eventJson };
};
