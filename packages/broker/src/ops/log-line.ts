import { inspect } from 'node:util';
import { BrokerError } from './broker-error.ts';
import { reasonOf } from './reason.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** How something that is logged is written. One line, and never a throw, whatever the fields are. */
export type Line = (level: LogLevel, fields: object, message: string) => string;

// A newline, an escape sequence or a change of writing direction from outside must not forge a line or
// steer the terminal.
// oxlint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
export const oneLine = (text: string): string =>
  text.replace(controlCharacters, (character) => {
    const json = JSON.stringify(character).slice(1, -1);
    return json === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : json;
  });

const shown = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return reasonOf(value);
  try {
    return inspect(value, { depth: 6, breakLength: Infinity, compact: true, maxStringLength: 2_000 });
  } catch (error) {
    return `a value that cannot be shown: ${reasonOf(error)}`;
  }
};

/** `at say (file:///app/chat.js:12:5)`: where an error of the application's came from. */
const originOf = (fields: object): string[] => {
  const frames = Object.values(fields)
    .filter((value): value is Error => value instanceof Error && !(value instanceof BrokerError))
    .map((error) => /^\s+(at .+)$/m.exec(error.stack ?? '')?.[1]);
  return frames.filter((frame) => frame !== undefined).map((frame) => `(${frame})`);
};

/** `→ from client pR2… { type: 'hello' }`: the message, then each field's value. */
export const textLine: Line = (level, fields, message) =>
  oneLine(
    [message, ...Object.values(fields).map(shown), ...(level === 'error' ? originOf(fields) : [])].join(' '),
  );

/** One JSON object. Of an error at `error` level the stack is there too. */
export const jsonLine: Line = (level, fields, message) => {
  const head = { level, time: new Date().toISOString(), msg: message };
  const error = level === 'error' ? Object.values(fields).find((value) => value instanceof Error) : undefined;
  const tail = error?.stack === undefined ? {} : { stack: error.stack };
  try {
    return oneLine(JSON.stringify({ ...head, ...fields, ...tail }, withReasons));
  } catch {
    // Something that JSON cannot hold: a number too large, or an object within itself.
    const texts = Object.entries(fields).map(([name, value]) => [name, shown(value)]);
    return oneLine(JSON.stringify({ ...head, ...Object.fromEntries(texts), ...tail }));
  }
};
const withReasons = (_key: string, value: unknown): unknown =>
  value instanceof Error ? reasonOf(value) : value;
