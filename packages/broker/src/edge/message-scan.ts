/** What stands where in the text of a message. It means something only where the text is a JSON object. */
export interface MessageScan {
  /** How deep lists and objects are nested; 1 is an object of plain values. */
  readonly depth: number;
  /** Where the value of the top-level `type` begins; -1 where there is none. */
  readonly typeAt: number;
  /** How many top-level keys are `type`. */
  readonly types: number;
  /** A top-level key that reads as `type` but is spelled otherwise: with escapes, or capitals. */
  readonly misspelledType: string | undefined;
  /** Some key, at any depth, is `__proto__`. */
  readonly hasProto: boolean;
  /** Some text holds the escape of a surrogate, such as `\ud83d`. */
  readonly hasSurrogateEscape: boolean;
}

const quote = 0x22;
const backslash = 0x5c;

const typeKey = 'type';
const protoKey = '__proto__';
/** Each of its characters may be written as `\u0074` is. */
const longestKey = 6 * protoKey.length;

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

const afterSpace = (text: string, from: number): number => {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
};

/** Whether the escape at this backslash is one of `\ud800` to `\udfff`. */
const isSurrogateEscape = (text: string, at: number): boolean => {
  const isU = text.charCodeAt(at + 1) === 0x75;
  return isU && (text.charCodeAt(at + 2) | 0x20) === 0x64 && text.charCodeAt(at + 3) >= 0x38;
};

/** A text as it reads, its escapes resolved; undefined where it is no JSON. */
const unescaped = (raw: string): string | undefined => {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return undefined;
  }
};

/**
 * Looks through the text of a message once, without parsing it.
 *
 * Keys count however they are spelled: `"\u0074ype"` is `"type"` to who parses it. It has to be found here, since
 * V8 may read such a key wrongly (https://github.com/nodejs/node/issues/63785): the broker would see no type, and the
 * backend one that the client has made up. Of a text that is no JSON it says nothing of use, and never throws.
 */
export const scanMessage = (text: string): MessageScan => {
  let depth = 0;
  let deepest = 0;
  let typeAt = -1;
  let types = 0;
  let misspelledType: string | undefined;
  let hasProto = false;
  let hasSurrogateEscape = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const start = at + 1;
      let hasEscape = false;
      for (at = start; at < text.length; at += 1) {
        const inner = text.charCodeAt(at);
        if (inner === quote) break;
        if (inner !== backslash) continue;
        hasEscape = true;
        hasSurrogateEscape ||= isSurrogateEscape(text, at);
        at += 1;
      }
      const length = at - start;
      // Most texts are known by their length not to be one of the keys that matter.
      const isCandidate = hasEscape
        ? length > typeKey.length && length <= longestKey
        : length === protoKey.length || (length === typeKey.length && depth === 1);
      if (!isCandidate) continue;
      const colonAt = afterSpace(text, at + 1);
      if (text.charCodeAt(colonAt) !== 0x3a) continue;
      const raw = text.slice(start, at);
      if (raw === typeKey) {
        types += 1;
        typeAt = afterSpace(text, colonAt + 1);
        continue;
      }
      const key = hasEscape ? unescaped(raw) : raw;
      if (key === protoKey) hasProto = true;
      else if (depth === 1 && key?.toLowerCase() === typeKey) misspelledType = raw;
    } else if (code < 0x5b) {
      // Digits, commas, spaces: nothing that counts, and most of what stands between texts.
    } else if (code === 0x7b /* { */ || code === 0x5b /* [ */) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x7d /* } */ || code === 0x5d /* ] */) {
      depth -= 1;
    }
  }
  return { depth: deepest, typeAt, types, misspelledType, hasProto, hasSurrogateEscape };
};
