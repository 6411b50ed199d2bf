import * as fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import type { LogLevel } from './log-line.ts';
import { createJsonLogger, createTextLogger, type Log, logFor, type Logger } from './logger.ts';

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

const linesOf = (create: typeof createTextLogger, minimum: LogLevel, write: (log: Log) => void): string[] => {
  const lines: string[] = [];
  write(create(minimum, (line) => lines.push(line)));
  return lines;
};

const textOf = (write: (log: Log) => void): string => linesOf(createTextLogger, 'debug', write).join('\n');

const jsonOf = (write: (log: Log) => void): Record<string, unknown> => {
  const lines = linesOf(createJsonLogger, 'debug', write);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0]!) as Record<string, unknown>;
};

const circular = (): Record<string, unknown> => {
  const value: Record<string, unknown> = {};
  value['itself'] = value;
  return value;
};

afterEach(() => {
  vi.restoreAllMocks();
});

test('writes lines with arrows as the seed printed them', () => {
  const lines = linesOf(createTextLogger, 'debug', (log) => {
    log.info({}, '➥ websocket server listening on port 31002');
    log.debug({ wskey: '0aCw4LH5MR7b', ip: '127.0.0.1' }, '↪ new connection');
    log.debug({ wskey: '0aCw4LH5MR7b', message: { type: 'hello', content: 'there' } }, '→ from client');
    log.debug({ message: '{"type":"hello"}' }, '← sent to 1/1 clients');
    log.output('Something happened on the backend!');
  });
  expect(lines).toEqual([
    '➥ websocket server listening on port 31002',
    '↪ new connection 0aCw4LH5MR7b 127.0.0.1',
    "→ from client 0aCw4LH5MR7b { type: 'hello', content: 'there' }",
    '← sent to 1/1 clients {"type":"hello"}',
    '! log Something happened on the backend!',
  ]);
});

test('writes JSON lines with level, time, msg and the fields', () => {
  const line = jsonOf((log) => log.warn({ peer: '10.0.0.1' }, '! refused'));
  expect(line).toEqual({
    level: 'warn',
    time: expect.any(String) as string,
    msg: '! refused',
    peer: '10.0.0.1',
  });
  expect(new Date(line['time'] as string).toISOString()).toBe(line['time']);
});

test.each(levels)('from %s on, lower levels are left out', (minimum) => {
  for (const create of [createTextLogger, createJsonLogger]) {
    const lines = linesOf(create, minimum, (log) => {
      for (const level of levels) log[level]({}, `a line at ${level}`);
      for (const level of levels) {
        expect(log.isLevelEnabled?.(level)).toBe(levels.indexOf(level) >= levels.indexOf(minimum));
      }
    });
    expect(lines).toHaveLength(levels.length - levels.indexOf(minimum));
    for (const line of lines)
      expect(line).not.toContain(`at ${levels[levels.indexOf(minimum) - 1] ?? 'none'}`);
  }
});

test('the text of a `log` command is shown at every level', () => {
  for (const minimum of levels) {
    expect(linesOf(createTextLogger, minimum, (log) => log.output({ a: 1 }))).toEqual(['! log { a: 1 }']);
  }
});

test.each([
  ['a newline in a field', (log: Log) => log.debug({ text: 'x\n! forged' }, '→'), '→ x\\n! forged'],
  [
    'a newline in the message',
    (log: Log) => log.debug({}, '! unknown `x\r\n! forged`'),
    '! unknown `x\\r\\n! forged`',
  ],
  ['an escape sequence', (log: Log) => log.output('\u{1b}[2J'), '! log \\u001b[2J'],
  ['an 8-bit escape sequence', (log: Log) => log.output('\u{9b}2J'), '! log \\u009b2J'],
  ['a line separator', (log: Log) => log.output('a\u{2028}b'), '! log a\\u2028b'],
  ['a change of direction', (log: Log) => log.output('a\u{202e}b'), '! log a\\u202eb'],
  ['a newline in an error', (log: Log) => log.warn({ error: new Error('x\ny') }, '!'), '! x\\ny'],
])('%s cannot forge a line', (_what, write, expected) => {
  expect(textOf(write)).toBe(expected);
});

// oxlint-disable-next-line no-control-regex
const steering = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\u{9b}', '\u{7f}', '\r\n', '\u{2028}', '\u{202e}', '\ud800'),
);

test('whatever is logged, it is one line that steers nothing', () => {
  fc.assert(
    fc.property(
      anyText,
      fc.object({ key: anyText, values: [anyText, fc.double(), fc.bigInt()] }),
      (text, fields) => {
        for (const create of [createTextLogger, createJsonLogger]) {
          const lines = linesOf(create, 'debug', (log) => {
            log.error({ text, fields, error: new Error(text) }, text);
            log.output(fields);
          });
          expect(lines).toHaveLength(2);
          for (const line of lines) expect(line).not.toMatch(steering);
        }
      },
    ),
  );
});

test('JSON lines keep such texts exactly', () => {
  const text = 'a\n\u{9b}\u{202e}b';
  expect(jsonOf((log) => log.output(text))['text']).toBe(text);
});

const fail = (): Error => new TypeError('cannot read rooms');

test('an error shows its message and, at `error`, where it came from', () => {
  expect(textOf((log) => log.warn({ error: fail() }, '! failed:'))).toBe('! failed: cannot read rooms');
  expect(textOf((log) => log.error({ error: fail() }, '! failed:'))).toMatch(
    /^! failed: cannot read rooms \(at fail \(.*logger\.test\.ts:\d+:\d+\)\)$/,
  );
});

test('an error in a JSON line is its message and, at `error`, the stack beside it', () => {
  const warning = jsonOf((log) => log.warn({ error: fail() }, '!'));
  expect(warning['error']).toBe('cannot read rooms');
  expect(warning).not.toHaveProperty('stack');
  const error = jsonOf((log) => log.error({ wskey: 'k', error: fail() }, '!'));
  expect(error).toMatchObject({ wskey: 'k', error: 'cannot read rooms' });
  expect(error['stack']).toMatch(/^TypeError: cannot read rooms\n\s+at fail/);
});

test.each([
  ['an object within itself', circular()],
  ['a number too large for JSON', { n: 1n }],
  [
    'a toJSON that throws',
    {
      toJSON: () => {
        throw new Error('no');
      },
    },
  ],
  [
    'an inspect that throws',
    {
      [Symbol.for('nodejs.util.inspect.custom')]: () => {
        throw new Error('no');
      },
    },
  ],
  ['nothing', undefined],
])('%s can be logged', (_what, value: unknown) => {
  expect(textOf((log) => log.output(value))).toMatch(/^! log /);
  expect(jsonOf((log) => log.output(value))).toMatchObject({ level: 'info', msg: '! log' });
});

test('without `log` only what went wrong and `log` commands are shown', () => {
  const write = vi.spyOn(console, 'log').mockReturnValue();
  for (const option of [undefined, false]) {
    const log = logFor(option);
    log.debug({ message: 'a secret' }, '→ from client');
    log.info({}, '➥ websocket server listening');
    log.warn({}, '! warned');
    log.error({}, '! failed');
    log.output('asked for');
    expect(write.mock.calls.splice(0)).toEqual([['! warned'], ['! failed'], ['! log asked for']]);
  }
});

test('`log: true` shows everything', () => {
  const write = vi.spyOn(console, 'log').mockReturnValue();
  logFor(true).debug({ a: 1 }, '→ from client');
  expect(write.mock.calls).toEqual([['→ from client 1']]);
});

test("`log: 'json'` leaves payloads out", () => {
  const write = vi.spyOn(console, 'log').mockReturnValue();
  const log = logFor('json');
  log.debug({ message: 'a secret' }, '→ from client');
  log.info({}, '➥ listening');
  expect(write.mock.calls.map(([line]) => JSON.parse(line as string) as unknown)).toEqual([
    { level: 'info', time: expect.any(String) as string, msg: '➥ listening' },
  ]);
});

test('a pino instance fits, and gets errors under the name it writes them out by', () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino(
    { level: 'info' },
    { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const log = logFor(logger);
  expect(log.isLevelEnabled?.('debug')).toBe(false);
  expect(log.isLevelEnabled?.('warn')).toBe(true);
  log.debug({ message: 'x' }, '→ from client');
  log.error({ wskey: 'k', error: fail() }, '! onClientMessage failed:');
  log.output({ a: 1 });
  expect(lines).toMatchObject([
    {
      level: 50,
      wskey: 'k',
      msg: '! onClientMessage failed:',
      err: { type: 'TypeError', message: 'cannot read rooms' },
    },
    { level: 30, text: { a: 1 }, msg: '! log' },
  ]);
});

test('a logger keeps its `this`, and one without isLevelEnabled takes every level', () => {
  class Kept {
    readonly lines: string[] = [];
    debug = (_fields: object, message: string): void => this.#keep(message);
    info(_fields: object, message: string): void {
      this.#keep(message);
    }
    warn(_fields: object, message: string): void {
      this.#keep(message);
    }
    error(_fields: object, message: string): void {
      this.#keep(message);
    }
    #keep(message: string): void {
      this.lines.push(message);
    }
  }
  const kept = new Kept();
  const log = logFor(kept);
  for (const level of levels) log[level]({}, level);
  log.output('x');
  expect(kept.lines).toEqual([...levels, '! log']);
  expect(log.isLevelEnabled?.('debug')).toBe(true);
});

test('a logger of this package handed in shows `log` commands whatever its level', () => {
  const lines: string[] = [];
  logFor(createTextLogger('error', (line) => lines.push(line))).output('asked for');
  expect(lines).toEqual(['! log asked for']);
});

test('a logger that throws is told of, and ends nothing', () => {
  const write = vi.spyOn(console, 'log').mockReturnValue();
  const broken = (): void => {
    throw new Error('disk full');
  };
  const logger: Logger = { debug: broken, info: broken, warn: broken, error: broken };
  const log = logFor(logger);
  for (const level of levels) log[level]({}, 'x');
  log.output('x');
  expect(write).toHaveBeenCalledTimes(5);
  expect(write.mock.calls[0]).toEqual([expect.stringMatching(/^! the logger threw: disk full/)]);
});
