import { jsonLine, type Line, type LogLevel, textLine } from './log-line.ts';

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

/** Whether a `debug` line is worth putting together. */
export const showsDebug = (log: Logger): boolean => log.isLevelEnabled?.('debug') ?? true;

/** Messages and sessions are logged at `debug` alone, so that at any other level no payload reaches the log. */
const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

const outputMark = '! log';

type Write = (line: string) => void;

const logOf = (minimum: LogLevel, line: Line, write: Write): Log => {
  const enabled: ReadonlySet<LogLevel> = new Set(levels.slice(levels.indexOf(minimum)));
  const isLevelEnabled = (level: LogLevel): boolean => enabled.has(level);
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

const toStandardOutput: Write = (line) => console.log(line);

/** Lines for a terminal, as the seed printed them. */
export const createTextLogger = (minimum: LogLevel, write: Write = toStandardOutput): Log =>
  logOf(minimum, textLine, write);

/** One JSON object a line: `level`, `time` (ISO 8601), `msg` and the fields. */
export const createJsonLogger = (minimum: LogLevel, write: Write = toStandardOutput): Log =>
  logOf(minimum, jsonLine, write);

/** pino writes an `Error` out only under the name `err`. */
const withErr = (fields: object): object => {
  if (!('error' in fields)) return fields;
  const { error, ...others } = fields;
  return { ...others, err: error };
};

const isLog = (logger: Logger): logger is Log => typeof (logger as Partial<Log>).output === 'function';

/** A logger of the application's own, as the broker's. One that throws must not end the process. */
const logOver = (logger: Logger): Log => {
  const guarded = (write: () => void): void => {
    try {
      write();
    } catch (error) {
      toStandardOutput(textLine('error', { error }, '! the logger threw:'));
    }
  };
  // Called on the logger, so that its methods keep their `this`.
  const at = (level: LogLevel) => (fields: object, message: string) =>
    guarded(() => logger[level](withErr(fields), message));
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    isLevelEnabled: (level) => logger.isLevelEnabled?.(level) ?? true,
    output: (text) =>
      guarded(() => (isLog(logger) ? logger.output(text) : logger.info({ text }, outputMark))),
  };
};

/** The option `log` as the broker's log. Without one, only what went wrong and `log` commands are shown. */
export const logFor = (log: boolean | 'json' | Logger | undefined): Log => {
  if (typeof log === 'object') return logOver(log);
  if (log === 'json') return createJsonLogger('info');
  return createTextLogger(log === true ? 'debug' : 'warn');
};
