import { type ClientMessage, type ErrorCode, isJsonObject, messageTypePattern } from '@wsbroker/protocol';

/** Deeper JSON is refused before it is parsed: encoding it again would overflow the stack. */
const maxDepth = 64;

/** A client's message, or why it cannot be taken. */
export type ReadMessage =
  | { readonly ok: true; readonly message: ClientMessage }
  | { readonly ok: false; readonly code: ErrorCode; readonly text: string };

const refused = (text: string): ReadMessage => ({ ok: false, code: 'bad-message', text });

/** How deep lists and objects are nested, without parsing. */
const depthOf = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === 0x5c /* \ */) at += 1;
      else if (code === 0x22 /* " */) isInString = false;
    } else if (code === 0x22) {
      isInString = true;
    } else if (code === 0x7b /* { */ || code === 0x5b /* [ */) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x7d /* } */ || code === 0x5d /* ] */) {
      depth -= 1;
    }
  }
  return deepest;
};

const withoutProto = (key: string, value: unknown): unknown => (key === '__proto__' ? undefined : value);

/** JSON without `__proto__` keys, which would become a prototype where an object is copied by assignment. */
const parse = (text: string): unknown =>
  // An escaped key (`\u005f_proto__`) reads the same after parsing.
  text.includes('__proto__') || text.includes('\\u')
    ? JSON.parse(text, withoutProto)
    : (JSON.parse(text) as unknown);

/** Parsed JSON that is safe to use, or why there is none. */
export type ReadJson =
  | { readonly ok: true; readonly json: unknown }
  | { readonly ok: false; readonly code: ErrorCode; readonly text: string };

/** Parses what a client sent. */
export const readClientJson = (text: string): ReadJson => {
  if (depthOf(text) > maxDepth) {
    return {
      ok: false,
      code: 'bad-message',
      text: `The message is nested deeper than ${maxDepth}: send it flatter`,
    };
  }
  try {
    return { ok: true, json: parse(text) };
  } catch (error) {
    return { ok: false, code: 'not-json', text: `The message is not JSON: ${(error as Error).message}` };
  }
};

/** Takes an object whose `type`, if it has one, is a usable name. */
export const checkClientMessage = (message: unknown): ReadMessage => {
  if (!isJsonObject(message)) {
    return refused('The message is not an object: expected JSON such as {"type":"hello"}');
  }
  const { type } = message;
  if (type !== undefined && (typeof type !== 'string' || !messageTypePattern.test(type))) {
    return refused("The message's `type` is not usable: expected 1 to 64 of A-Z a-z 0-9 . _ : -");
  }
  return { ok: true, message };
};

/** Reads a message of a client; undefined is what was no UTF-8. */
export const readClientMessage = (text: string | undefined): ReadMessage => {
  if (text === undefined) return refused('The message is not UTF-8 text');
  const read = readClientJson(text);
  return read.ok ? checkClientMessage(read.json) : read;
};
