import { createServer } from 'node:http';
import * as fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { BrokerError } from './ops/broker-error.ts';
import type { BrokerOptions } from './api.ts';
import { type NameOption, settingsFrom, unknownOptions } from './settings.ts';

const url = 'http://localhost/';

/** As a program without types would call it. */
const settingsOf = (options: unknown, nameOption?: NameOption) =>
  settingsFrom(options as BrokerOptions, nameOption);

const mistakeIn = (options: unknown, nameOption?: NameOption): string => {
  try {
    settingsOf(options, nameOption);
  } catch (error) {
    expect(error).toBeInstanceOf(BrokerError);
    expect(error).toMatchObject({ code: 'bad-option' });
    return (error as Error).message;
  }
  throw new Error(`These options were taken: ${JSON.stringify(options)}`);
};

test('every default is filled in', () => {
  expect(settingsOf({ port: 0 })).toEqual({
    port: 0,
    trustedProxies: ['127.0.0.0/8', '::1'],
    cookies: true,
    commandHost: '127.0.0.1',
    requireOrigin: false,
    maxConnectionsPerAddress: 1_000,
    handshakesPerSecond: 1_000,
    handshakeBurst: 10_000,
    handshakesPerSecondPerAddress: 20,
    handshakeBurstPerAddress: 200,
    handshakeTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    maxMessageBytes: 65_536,
    maxFragments: 64,
    maxMessageDepth: 64,
    messagesPerSecond: 200,
    messageBurst: 400,
    maxCommandBytes: 1_048_576,
    maxQueuedEvents: 256,
    maxQueuedBytes: 1_048_576,
    maxTotalQueuedBytes: 67_108_864,
    maxUnreadBytes: 1_048_576,
    maxTotalUnreadBytes: 268_435_456,
    unreadTimeoutMs: 10_000,
    retryMinMs: 100,
    retryMaxMs: 10_000,
    maxEventAgeMs: 300_000,
    maxPoisonAttempts: 8,
    slowRequestMs: 1_000,
    authorize: false,
    maxJournalBytes: 4_294_967_296,
    maxDeadLetters: 10_000,
    resumeGraceMs: 30_000,
    replayMessages: 100,
    replayBytes: 262_144,
    drainMs: 5_000,
    handlerTimeoutMs: 30_000,
    pingIntervalMs: 25_000,
    pongTimeoutMs: 10_000,
  });
});

test('with a journal an event may wait for a day', () => {
  const withJournal = { port: 0, backend: { url }, journal: 'events.db' };
  expect(settingsOf(withJournal).maxEventAgeMs).toBe(86_400_000);
  expect(settingsOf({ ...withJournal, maxEventAgeMs: 1 }).maxEventAgeMs).toBe(1);
});

test('a journal has room for messages of the largest size', () => {
  const mebibytes = (journal: number, message: number) => ({
    port: 0,
    backend: { url },
    journal: 'events.db',
    maxJournalBytes: journal * mebi,
    maxMessageBytes: message * mebi,
  });
  expect(settingsOf(mebibytes(16, 1)).maxJournalBytes).toBe(16 * mebi);
  expect(mistakeIn(mebibytes(15, 1))).toBe(
    '`maxJournalBytes` is 15728640: expected at least 16777216, which is 16 times `maxMessageBytes`',
  );
});

test.each(['journal', 'authorize'])('`%s` needs a backend', (name) => {
  const value = name === 'journal' ? 'events.db' : true;
  expect(mistakeIn({ port: 0, [name]: value })).toBe(
    `\`${name}\` needs a \`backend\`: expected one beside it`,
  );
});

test('every default of an HTTP backend is filled in; without a type it is one', () => {
  const expected = {
    type: 'http',
    url,
    encoding: 'form',
    timeoutMs: 30_000,
    maxRequests: 32,
    maxAnswerBytes: 1_048_576,
    maxBatchBytes: 262_144,
  };
  expect(settingsOf({ port: 0, backend: { type: 'http', url } }).backend).toEqual(expected);
  expect(settingsOf({ port: 0, backend: { url } }).backend).toEqual(expected);
});

test('every default of a function backend is filled in', () => {
  const handle = (): void => {};
  expect(settingsOf({ port: 0, backend: { type: 'function', handle } }).backend).toEqual({
    type: 'function',
    handle,
    maxRequests: 32,
    timeoutMs: 30_000,
  });
});

const kibi = 1_024;
const mebi = 1_024 * kibi;

test.each<[string, number, number]>([
  ['port', 0, 65_535],
  ['maxMessageBytes', 1, 64 * mebi],
  ['maxCommandBytes', kibi, 256 * mebi],
  ['maxQueuedEvents', 1, 1_000_000],
  ['maxQueuedBytes', kibi, 1_024 * mebi],
  ['maxTotalQueuedBytes', kibi, 65_536 * mebi],
  ['maxUnreadBytes', kibi, 1_024 * mebi],
  ['unreadTimeoutMs', 100, 3_600_000],
  ['retryMinMs', 1, 60_000],
  ['retryMaxMs', 1, 600_000],
  ['maxEventAgeMs', 1, 30 * 86_400_000],
  ['maxPoisonAttempts', 1, 1_000],
  ['slowRequestMs', 10, 600_000],
  ['maxJournalBytes', mebi, 1_024 * 1_024 * mebi],
  ['maxDeadLetters', 0, 10_000_000],
  ['resumeGraceMs', 0, 86_400_000],
  ['replayMessages', 1, 1_000_000],
  ['replayBytes', kibi, 1_024 * mebi],
  ['drainMs', 0, 3_600_000],
  ['handlerTimeoutMs', 1, 600_000],
  ['pingIntervalMs', 10, 3_600_000],
  ['pongTimeoutMs', 10, 3_600_000],
  ['backend.timeoutMs', 1, 600_000],
  ['backend.maxRequests', 1, 1_024],
  ['backend.maxAnswerBytes', kibi, 64 * mebi],
  ['backend.maxBatchBytes', kibi, 64 * mebi],
])('`%s` is a whole number from %d to %d', (name, min, max) => {
  const field = name.replace('backend.', '');
  const optionsWith = (value: unknown) =>
    name === field ? { port: 0, [field]: value } : { port: 0, backend: { url, [field]: value } };
  for (const value of [min, max]) {
    const settings = settingsOf(optionsWith(value)) as Record<string, unknown>;
    expect((name === field ? settings : (settings['backend'] as Record<string, unknown>))[field]).toBe(value);
  }
  const expected = `expected a whole number from ${min} to ${max}`;
  for (const value of [min - 1, max + 1, min + 0.5, Infinity, NaN, true, null]) {
    expect(mistakeIn(optionsWith(value))).toBe(`\`${name}\` is ${String(value)}: ${expected}`);
  }
  expect(mistakeIn(optionsWith('many'))).toBe(`\`${name}\` is "many": ${expected}`);
});

test('a port may be a text of digits, as environment variables are', () => {
  expect(settingsOf({ port: '31002' }).port).toBe(31_002);
  expect(mistakeIn({ port: '70000' })).toBe('`port` is "70000": expected a whole number from 0 to 65535');
  for (const port of ['', ' 80', '8o', '-1', '1e3', '0x50']) {
    expect(mistakeIn({ port })).toBe(`\`port\` is "${port}": expected a whole number from 0 to 65535`);
  }
});

test.each<[unknown, string]>([
  [{ port: 0, host: '' }, '`host` is "": expected an address, such as "127.0.0.1"'],
  [{ port: 0, path: 'ws' }, '`path` is "ws": expected a path that begins with "/"'],
  [{ port: 0, commandPath: 5 }, '`commandPath` is 5: expected a path such as "/ws"'],
  [
    { port: 0, origins: 'https://a.example' },
    '`origins` is "https://a.example": expected a list of origins, or "*" for any',
  ],
  [
    { port: 0, origins: ['https://a.example', 'b.example'] },
    '`origins[1]` is "b.example": expected an origin such as "https://example.com", without a path',
  ],
  [
    { port: 0, origins: ['https://a.example/'] },
    '`origins[0]` is "https://a.example/": expected an origin such as "https://example.com", without a path',
  ],
  [
    { port: 0, origins: [7] },
    '`origins[0]` is 7: expected an origin such as "https://example.com", without a path',
  ],
  [{ port: 0, cookies: 'all' }, '`cookies` is "all": expected true, false, or a list of names'],
  [{ port: 0, cookies: [''] }, '`cookies[0]` is "": expected the name of a cookie'],
  [
    { port: 0, trustedProxies: '::1' },
    '`trustedProxies` is "::1": expected a list of addresses, such as ["127.0.0.1"]',
  ],
  [
    { port: 0, backend: url },
    '`backend` is "http://localhost/": expected { type: "http", url } or { type: "function", handle }',
  ],
  [
    { port: 0, backend: null },
    '`backend` is null: expected { type: "http", url } or { type: "function", handle }',
  ],
  [
    { port: 0, backend: { type: 'https', url } },
    '`backend.type` is "https": expected { type: "http", url } or { type: "function", handle }',
  ],
  [{ port: 0, backend: {} }, '`backend.url` is missing: expected an http:// or https:// URL'],
  [
    { port: 0, backend: { url: 'localhost/app' } },
    '`backend.url` is "localhost/app": expected an http:// or https:// URL',
  ],
  [
    { port: 0, backend: { url: 'ftp://x/' } },
    '`backend.url` is "ftp://x/": expected an http:// or https:// URL',
  ],
  [{ port: 0, backend: { url, encoding: 'xml' } }, '`backend.encoding` is "xml": expected "form" or "json"'],
  [
    { port: 0, backend: { url, allow: '127.0.0.1' } },
    '`backend.allow` is "127.0.0.1": expected a list of addresses, such as ["127.0.0.1"]',
  ],
  [
    { port: 0, backend: { url, allow: [['::1']] } },
    '`backend.allow[0]` is a list: expected an address such as 127.0.0.1, ::1 or 10.0.0.0/8',
  ],
  [
    { port: 0, backend: { type: 'function' } },
    '`backend.handle` is missing: expected a function (event, connection) => commands',
  ],
  [
    { port: 0, log: 'text' },
    '`log` is "text": expected true, false, "json", or a logger with debug, info, warn and error',
  ],
  [
    { port: 0, log: null },
    '`log` is null: expected true, false, "json", or a logger with debug, info, warn and error',
  ],
  [
    { port: 0, log: { info() {} } },
    '`log` is an object: expected true, false, "json", or a logger with debug, info, warn and error',
  ],
  [{ port: 0, onClientMessage: 'say' }, '`onClientMessage` is "say": expected a function'],
  [{ port: 0, onClientConnect: {} }, '`onClientConnect` is an object: expected a function'],
  [{ port: 0, onClientDisconnect: 1 }, '`onClientDisconnect` is 1: expected a function'],
  [{ port: 0, onBackendMessage: [] }, '`onBackendMessage` is a list: expected a function'],
  [
    { port: 0, backendCommands: { say: 1 } },
    '`backendCommands.say` is 1: expected a function (command, connection, broker) => result',
  ],
  [{ port: 0, requireOrigin: 'yes' }, '`requireOrigin` is "yes": expected true or false'],
  [{ port: 0, commandPort: 'x' }, '`commandPort` is "x": expected a whole number from 0 to 65535'],
  [
    { port: 80, commandPort: 80 },
    '`commandPort` is 80, as `port` is: expected another port, or none (commands then come in at `port`)',
  ],
  [
    { port: 0, commandPort: 0, commandSocket: '/run/commands' },
    '`commandPort` and `commandSocket` are both there: expected one of them, where commands come in',
  ],
  [{ port: 0, commandSocket: '' }, '`commandSocket` is "": expected the path of a Unix socket'],
  [
    { port: 0, commandSocket: '\0commands' },
    '`commandSocket` has a zero byte in it: expected the path of a file',
  ],
  [
    { port: 0, commandHosts: 'localhost' },
    '`commandHosts` is "localhost": expected a list of hosts, such as ["localhost"]',
  ],
  [{ server: () => {} }, '`server` is a function: expected what http.createServer() gives'],
  [
    { port: 0, server: { on() {}, listen() {} } },
    '`server` is an object: expected what http.createServer() gives',
  ],
])('a mistake names the option, what was seen and what is expected: %j', (options, message) => {
  expect(mistakeIn(options)).toBe(message);
});

test('commandPort may be 0 beside a port of 0, and commandHost may be there without it', () => {
  expect(settingsOf({ port: 0, commandPort: 0 })).toMatchObject({ commandPort: 0, commandHost: '127.0.0.1' });
  expect(settingsOf({ port: 0, commandHost: '::1' }).commandPort).toBeUndefined();
});

test('a commandSocket whose path is longer than the system takes is told, in bytes', () => {
  const folder = `/${'ü'.repeat(60)}`;
  expect(mistakeIn({ port: 0, commandSocket: `${folder}/s` })).toMatch(
    /^`commandSocket` is 123 bytes long: expected at most 10[37], which is all that the system takes; choose a folder nearer to the root$/,
  );
  expect(settingsOf({ port: 0, commandSocket: `/${'x'.repeat(102)}` }).commandSocket).toHaveLength(103);
});

test('every mistake is told, not only the first', () => {
  expect(mistakeIn({ port: -1, pingIntervalMs: 1, onClientMessage: 1 }).split('; ')).toHaveLength(3);
});

test('a missing port is told, unless there is a server', () => {
  const expected = 'is missing: expected a port number (0 takes a free one), or a `server` of yours';
  expect(mistakeIn({})).toBe(`\`port\` ${expected}`);
  expect(mistakeIn({}, () => '--port')).toBe(`--port ${expected}`);
  expect(settingsOf({ server: createServer() }).port).toBeUndefined();
});

test.each([undefined, null, 'x', 31_002, []])('options that are no object are told: %j', (options) => {
  expect(mistakeIn(options)).toMatch(/^Broker needs an options object, such as \{ port: 31002/);
});

test('an option that was given by another name is called by that name', () => {
  const names: Record<string, string> = {
    port: '--port',
    'backend.url': 'WSBROKER_BACKEND_URL',
    'backend.allow': '--allow',
  };
  expect(mistakeIn({ port: 'x', backend: { url: 'x', allow: [''] } }, (option) => names[option])).toBe(
    [
      '--port is "x": expected a whole number from 0 to 65535',
      'WSBROKER_BACKEND_URL is "x": expected an http:// or https:// URL',
      '--allow is "": expected an address such as 127.0.0.1, ::1 or 10.0.0.0/8',
    ].join('; '),
  );
});

test.each([
  ['htp://user:secret@localhost/', '"htp://…@localhost/"'],
  ['htp://user:sec/ret@localhost/', '"htp://…@localhost/"'],
  ['htp://user:s@ecret@localhost/', '"htp://…@localhost/"'],
  ['user:secret@localhost/', '"…@localhost/"'],
  ['localhost/?token=secret', '"localhost/?…"'],
  ['whsec_secret', '"whsec_…"'],
])('a password or a token in a URL is not shown: %s', (wrongUrl, shown) => {
  const message = mistakeIn({ port: 0, backend: { url: wrongUrl } });
  expect(message).toContain(shown);
  expect(message).not.toMatch(/secret|ecret/);
});

test('a secret that is not usable is not shown, wherever it is', () => {
  for (const secret of ['whsec_secret', ['whsec_secret'], { key: 'secret' }, 'secret']) {
    expect(mistakeIn({ port: 0, secret })).not.toMatch(/whsec_secret|"secret"/);
  }
});

test('`tls` beside a `server` is a mistake, unless it is for `commandPort`', () => {
  const tls = { cert: 'cert.pem', key: 'key.pem' };
  const server = createServer();
  expect(mistakeIn({ server, tls })).toMatch(
    /^`tls` has no effect on a `server` of yours: .*https\.createServer/,
  );
  expect(settingsOf({ server, tls, commandPort: 0 }).tls).toEqual(tls);
  expect(settingsOf({ port: 0, tls }).tls).toEqual(tls);
});

test('a long value is cut', () => {
  expect(mistakeIn({ port: 'x'.repeat(10_000) }).length).toBeLessThan(200);
});

test.each<[unknown, string[]]>([
  [{ port: 0, backend: { url } }, []],
  [{ port: 0, origin: ['https://a.example'], Path: '/' }, ['origin', 'Path']],
  [{ prot: 0, backend: { url, alow: ['::1'] } }, ['prot', 'backend.alow']],
  [{ port: 0, backend: { type: 'function', handle() {}, url } }, ['backend.url']],
  [{ port: 0, backend: url }, []],
])('names that no option has are found: %j', (options, names) => {
  expect(unknownOptions(options as object)).toEqual(names);
});

test('what the seed page and its package know as options is taken as it is', () => {
  const options = {
    port: 12_345,
    log: true,
    server: createServer(),
    backend: { type: 'http', url, allow: ['127.0.0.1'] },
    backendCommands: { mine() {} },
    onBackendMessage() {},
    onClientConnect() {},
    onClientDisconnect() {},
    onClientMessage() {},
  };
  expect(unknownOptions(options)).toEqual([]);
  expect(settingsOf(options)).toMatchObject({ port: 12_345, backend: options.backend });
});

test.each([true, false, 'json', console, pino({ enabled: false })])('`log` may be %s', (log) => {
  expect(settingsOf({ port: 0, log }).port).toBe(0);
});

test('whatever is given, it is settings or a bad-option of one line', () => {
  const value = fc.anything({ withNullPrototype: true, withBigInt: true });
  const options = fc.record(
    {
      port: fc.oneof(fc.constant(0), value),
      host: value,
      backend: fc.oneof(value, fc.record({ type: value, url: value, allow: value })),
      origins: value,
      cookies: value,
      log: value,
      backendCommands: value,
      retryMinMs: value,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(options, (given) => {
      try {
        settingsOf(given);
      } catch (error) {
        expect(error).toMatchObject({ name: 'BrokerError', code: 'bad-option' });
        expect((error as Error).message).not.toContain('\n');
      }
    }),
  );
});
