import { inspect } from 'node:util';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What the broker logs to. A `pino` instance fits as it is. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Whether lines of this level are kept; without it every level is. */
  isLevelEnabled?(level: LogLevel): boolean;
}

/** A logger of the broker's own use. */
export interface Log extends Logger {
  /** The line of a `log` command: shown whatever the level, since the backend asked for it. */
  output(text: unknown): void;
}

/** Messages and sessions are logged at `debug` alone, so that at any other level no payload reaches the log. */
const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

const outputMark = '! log';

type Line = (level: LogLevel, fields: object, message: string) => string;
type Write = (line: string) => void;

const logOf = (minimum: LogLevel, line: Line, write: Write): Log => {
  const isLevelEnabled = (level: LogLevel): boolean => levels.indexOf(level) >= levels.indexOf(minimum);
  const at = (level: LogLevel) => (fields: object, message: string) => {
    if (isLevelEnabled(level)) write(line(level, fields, message));
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    isLevelEnabled,
    output: (text) => write(line('info', { text }, outputMark)),
  };
};

// A newline or an escape sequence from outside must not forge a line or steer the terminal.
// oxlint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u001f\u007f-\u009f]/g;
const oneLine = (text: string): string =>
  text.replace(controlCharacters, (character) => JSON.stringify(character).slice(1, -1));

const shown = (value: unknown): string =>
  typeof value === 'string'
    ? oneLine(value)
    : inspect(value, { depth: 6, breakLength: Infinity, compact: true, maxStringLength: 2_000 });

const errorText = (value: unknown): unknown => (value instanceof Error ? value.message : value);

/** `→ from client pR2… { type: 'hello' }`: the message, then each field's value. */
const textLine: Line = (_level, fields, message) =>
  [message, ...Object.values(fields).map((value) => shown(errorText(value)))].join(' ');

const jsonLine: Line = (level, fields, message) =>
  JSON.stringify({ level, time: new Date().toISOString(), msg: message, ...fields }, (_key, value: unknown) =>
    errorText(value),
  );

const toStandardOutput: Write = (line) => {
  process.stdout.write(`${line}\n`);
};

/** Lines for a terminal, as the seed printed them. */
export const createTextLogger = (minimum: LogLevel, write: Write = toStandardOutput): Log =>
  logOf(minimum, textLine, write);

/** One JSON object a line: `level`, `time` (ISO 8601), `msg` and the fields. */
export const createJsonLogger = (minimum: LogLevel, write: Write = toStandardOutput): Log =>
  logOf(minimum, jsonLine, write);

/** The option `log` as the broker's log. Without one, only what went wrong and `log` commands are shown. */
export const logFor = (log: boolean | 'json' | Logger | undefined): Log => {
  if (typeof log === 'object') {
    return {
      // Called on the logger, so that its methods keep their `this`.
      debug: (fields, message) => log.debug(fields, message),
      info: (fields, message) => log.info(fields, message),
      warn: (fields, message) => log.warn(fields, message),
      error: (fields, message) => log.error(fields, message),
      isLevelEnabled: (level) => log.isLevelEnabled?.(level) ?? true,
      output: (text) => log.info({ text }, outputMark),
    };
  }
  if (log === 'json') return createJsonLogger('info');
  return createTextLogger(log === true ? 'debug' : 'warn');
};
