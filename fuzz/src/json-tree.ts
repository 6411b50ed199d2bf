/** JSON with its numbers as they are written, and every field of an object, also those that are said twice. */
export type JsonTree =
  | { readonly kind: 'word' | 'number' | 'string'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly JsonTree[] }
  | {
      readonly kind: 'object';
      readonly fields: readonly (readonly [key: string, value: JsonTree, written: string])[];
    };

const tokenPattern = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null))/y;

/** Half of a surrogate pair is no character: the broker puts U+FFFD in its place. */
const textOf = (string: string): string => (JSON.parse(string) as string).toWellFormed();

class TooDeep extends Error {}

/**
 * Reads what is known to be JSON; another reader than the broker's, to compare with.
 * @returns undefined when lists and objects are nested deeper than `maxDepth`.
 */
export const readJsonTree = (text: string, maxDepth: number): JsonTree | undefined => {
  const pattern = new RegExp(tokenPattern);
  const next = (): RegExpExecArray => {
    const token = pattern.exec(text);
    if (!token) throw new Error(`no JSON: ${text}`);
    return token;
  };
  const value = (token: RegExpExecArray, depth: number): JsonTree => {
    const [, mark, string, number, word] = token;
    if (string !== undefined) return { kind: 'string', text: textOf(string) };
    if (number !== undefined) return { kind: 'number', text: number };
    if (word !== undefined) return { kind: 'word', text: word };
    if (depth === maxDepth) throw new TooDeep();
    return mark === '[' ? list(depth + 1) : object(depth + 1);
  };
  const list = (depth: number): JsonTree => {
    const items: JsonTree[] = [];
    for (let token = next(); token[1] !== ']'; token = next()) {
      items.push(value(token[1] === ',' ? next() : token, depth));
    }
    return { kind: 'list', items };
  };
  const object = (depth: number): JsonTree => {
    const fields: [string, JsonTree, string][] = [];
    for (let token = next(); token[1] !== '}'; token = next()) {
      const [, , key = '""'] = token[1] === ',' ? next() : token;
      next();
      fields.push([textOf(key), value(next(), depth), key]);
    }
    return { kind: 'object', fields };
  };
  try {
    return value(next(), 0);
  } catch (error) {
    if (error instanceof TooDeep) return undefined;
    throw error;
  }
};

/** Whether a key is there, however deep. */
export const hasKey = (tree: JsonTree, key: string): boolean => {
  if (tree.kind === 'list') return tree.items.some((item) => hasKey(item, key));
  return tree.kind === 'object' && tree.fields.some(([name, item]) => name === key || hasKey(item, key));
};
