import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { readCommandLine, usage, UsageError } from './cli-options.ts';
import { BrokerError } from './ops/broker-error.ts';
import type { Log } from './ops/logger.ts';
import type { BrokerOptions } from './api.ts';

const folder = mkdtempSync(join(tmpdir(), 'wsbroker-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const fileWith = (content: unknown): string => {
  files += 1;
  const file = join(folder, `config-${files}.json`);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};

type Environment = Record<string, string>;

const optionsOf = (args: string[], environment: Environment = {}): BrokerOptions => {
  const request = readCommandLine(args, environment);
  if (request.kind !== 'run') throw new Error(`Expected a run, got ${request.kind}`);
  return request.options;
};

const mistakeIn = (args: string[], environment: Environment = {}): string => {
  try {
    readCommandLine(args, environment);
  } catch (error) {
    if (error instanceof UsageError || (error instanceof BrokerError && error.code === 'bad-option')) {
      return error.message;
    }
    throw error;
  }
  throw new Error(`This command line was taken: ${args.join(' ')}`);
};

const url = 'http://127.0.0.1:8000/';
const secret = `whsec_${'A'.repeat(32)}`;

test('every flag sets its option', () => {
  const args = [
    '--port',
    '31002',
    '--host',
    '127.0.0.1',
    '--backend-url',
    url,
    '--allow',
    '127.0.0.1',
    '--command-port=31003',
    '--tls-cert=cert.pem',
    '--tls-key=key.pem',
    '--origins=https://a.example',
    '--trusted-proxies=10.0.0.1',
    '--journal',
    'events.db',
    '--log',
    'json',
  ];
  expect(optionsOf(args)).toEqual({
    port: '31002',
    host: '127.0.0.1',
    backend: { url, allow: ['127.0.0.1'] },
    commandPort: '31003',
    tls: { cert: 'cert.pem', key: 'key.pem' },
    origins: ['https://a.example'],
    trustedProxies: ['10.0.0.1'],
    journal: 'events.db',
    log: 'json',
  });
  expect(optionsOf(['--port', '0', '--command-socket', '/run/commands']).commandSocket).toBe('/run/commands');
});

test('flags may be written with =', () => {
  expect(optionsOf(['--port=0', `--backend-url=${url}`])).toMatchObject({ port: '0', backend: { url } });
});

test('every environment variable sets its option', () => {
  const environment = {
    WSBROKER_PORT: '31002',
    WSBROKER_HOST: '::1',
    WSBROKER_BACKEND_URL: url,
    WSBROKER_ALLOW: '127.0.0.1, 10.0.0.0/8,,::1',
    WSBROKER_COMMAND_SOCKET: '/run/commands',
    WSBROKER_TLS_CERT: 'cert.pem',
    WSBROKER_TLS_KEY: 'key.pem',
    WSBROKER_ORIGINS: 'https://a.example, http://b.example:8080',
    WSBROKER_TRUSTED_PROXIES: '10.0.0.1,::1',
    WSBROKER_SECRET: secret,
    WSBROKER_JOURNAL: 'events.db',
    WSBROKER_LOG: 'off',
  };
  expect(optionsOf([], environment)).toEqual({
    port: '31002',
    host: '::1',
    commandSocket: '/run/commands',
    tls: { cert: 'cert.pem', key: 'key.pem' },
    origins: ['https://a.example', 'http://b.example:8080'],
    trustedProxies: ['10.0.0.1', '::1'],
    secret: [secret],
    journal: 'events.db',
    backend: { url, allow: ['127.0.0.1', '10.0.0.0/8', '::1'] },
    log: false,
  });
  expect(optionsOf(['--port', '0'], { WSBROKER_COMMAND_PORT: '0' }).commandPort).toBe('0');
});

test('WSBROKER_SECRET may hold two, while one takes over from the other', () => {
  const [one, two] = [secret, `whsec_${'B'.repeat(32)}`];
  expect(optionsOf(['--port', '0'], { WSBROKER_SECRET: `${one}, ${two}` }).secret).toEqual([one, two]);
});

test('--origins and --trusted-proxies may be repeated, and may hold several', () => {
  const args = ['--port', '0', '--origins', 'https://a.example', '--origins', 'http://b.example,null'];
  expect(optionsOf(args).origins).toEqual(['https://a.example', 'http://b.example', 'null']);
  expect(optionsOf(['--port', '0', '--origins', '*']).origins).toEqual(['*']);
  const proxies = ['--port', '0', '--trusted-proxies', '::1', '--trusted-proxies', '10.0.0.1,10.1.0.0/16'];
  expect(optionsOf(proxies).trustedProxies).toEqual(['::1', '10.0.0.1', '10.1.0.0/16']);
});

test('the certificate by flag and the key from the config file belong together', () => {
  const file = fileWith({ port: 1, tls: { key: 'key.pem' } });
  expect(optionsOf(['--config', file, '--tls-cert', 'cert.pem']).tls).toEqual({
    cert: 'cert.pem',
    key: 'key.pem',
  });
});

test.each<[string[], Environment]>([
  [[], { WSBROKER_SECRET: 'sesame' }],
  [[], { WSBROKER_SECRET: 'whsec_sesame' }],
  [[], { WSBROKER_SECRET: `whsec_${'sesame'.repeat(40)}` }],
  [[], { WSBROKER_SECRET: `${'whsec_sesame'.padEnd(50, 'A')},whsec_sesame` }],
  [['--secret', 'sesame'], {}],
  [['--secret=sesame'], {}],
  [['--config', 'secret.json'], {}],
  [['--config', 'broken.json'], {}],
  [['--config', 'broken-early.json'], {}],
])('a mistake never shows a secret: %j %j', (args, environment) => {
  writeFileSync(join(folder, 'secret.json'), JSON.stringify({ port: 0, secret: ['whsec_sesame', 5] }));
  writeFileSync(join(folder, 'broken.json'), `{ "port": 0, "secret": whsec_sesame }`);
  writeFileSync(join(folder, 'broken-early.json'), `whsec_sesame`);
  const inFolder = args.map((arg) => (arg.endsWith('.json') ? join(folder, arg) : arg));
  let error: unknown;
  try {
    readCommandLine(['--port', '0', ...inFolder], environment);
  } catch (thrown) {
    error = thrown;
  }
  // The error with its stack and its cause, as an uncaught one is shown.
  expect(inspect(error)).toMatch(/secret|not JSON/i);
  expect(inspect(error, { depth: 10 })).not.toContain('sesame');
});

test('an environment variable that is empty counts as not set', () => {
  const environment = {
    WSBROKER_HOST: '',
    WSBROKER_BACKEND_URL: '',
    WSBROKER_ALLOW: '',
    WSBROKER_JOURNAL: '',
    WSBROKER_SECRET: '',
    WSBROKER_COMMAND_PORT: '',
    WSBROKER_TLS_CERT: '',
    WSBROKER_ORIGINS: '',
    WSBROKER_LOG: '',
    WSBROKER_CONFIG: '',
  };
  expect(optionsOf(['--port', '0'], environment)).toEqual({ port: '0', log: expect.any(Object) as Log });
});

test('--allow may be repeated, and may hold several', () => {
  const args = ['--port', '0', '--backend-url', url, '--allow', '127.0.0.1', '--allow', '::1,10.0.0.0/8'];
  expect(optionsOf(args).backend).toEqual({ url, allow: ['127.0.0.1', '::1', '10.0.0.0/8'] });
});

test.each<[string, BrokerOptions['log']]>([
  ['debug', true],
  ['true', true],
  ['json', 'json'],
  ['off', false],
  ['false', false],
])('--log %s logs as %j does', (text, log) => {
  expect(optionsOf(['--port', '0', '--log', text]).log).toBe(log);
  expect(optionsOf(['--port', '0'], { WSBROKER_LOG: text }).log).toBe(log);
  expect(optionsOf(['--port', '0', '--config', fileWith({ log: text })]).log).toBe(log);
});

test('without --log, and with --log text, all is logged as text but what users write', () => {
  for (const args of [[], ['--log', 'text']]) {
    const { log } = optionsOf(['--port', '0', ...args]);
    const levels = (['debug', 'info', 'warn', 'error'] as const).filter((level) =>
      (log as Log).isLevelEnabled?.(level),
    );
    expect(levels).toEqual(['info', 'warn', 'error']);
  }
});

test('the config file takes every option', () => {
  const config = {
    port: 31_002,
    host: '127.0.0.1',
    backend: { type: 'http', url, allow: ['::1'], encoding: 'json', timeoutMs: 5_000 },
    origins: ['https://a.example'],
    cookies: ['sid'],
    maxQueuedEvents: 10,
    log: 'json',
  };
  const file = fileWith(config);
  expect(optionsOf(['--config', file])).toEqual(config);
  expect(optionsOf([], { WSBROKER_CONFIG: file })).toEqual(config);
});

test('a flag goes before the environment, the environment before the config file', () => {
  const file = fileWith({
    port: 1,
    host: '1.1.1.1',
    backend: { url: 'http://one/', allow: ['1.1.1.1'], encoding: 'json' },
    log: false,
  });
  const environment = {
    WSBROKER_CONFIG: file,
    WSBROKER_PORT: '2',
    WSBROKER_HOST: '2.2.2.2',
    WSBROKER_BACKEND_URL: 'http://two/',
    WSBROKER_ALLOW: '2.2.2.2',
    WSBROKER_LOG: 'json',
  };
  const flags = [
    '--port',
    '3',
    '--host',
    '3.3.3.3',
    '--backend-url',
    'http://three/',
    '--allow',
    '3.3.3.3',
    '--log',
    'debug',
  ];
  expect(optionsOf([], environment)).toEqual({
    port: '2',
    host: '2.2.2.2',
    backend: { url: 'http://two/', allow: ['2.2.2.2'], encoding: 'json' },
    log: 'json',
  });
  expect(optionsOf(flags, environment)).toEqual({
    port: '3',
    host: '3.3.3.3',
    backend: { url: 'http://three/', allow: ['3.3.3.3'], encoding: 'json' },
    log: true,
  });
  const other = fileWith({ port: 4 });
  expect(optionsOf(['--config', other], { WSBROKER_CONFIG: file }).port).toBe(4);
});

test('one part of the backend by flag and another from the config file belong together', () => {
  const file = fileWith({ port: 1, backend: { allow: ['::1'] } });
  expect(optionsOf(['--config', file, '--backend-url', url]).backend).toEqual({ url, allow: ['::1'] });
});

test.each([
  ['--help', 'help'],
  ['-h', 'help'],
  ['--version', 'version'],
  ['-v', 'version'],
])('%s asks for it, whatever else is missing', (flag, kind) => {
  expect(readCommandLine([flag], {})).toEqual({ kind });
  expect(readCommandLine(['--port', 'x', flag], { WSBROKER_LOG: 'x' })).toEqual({ kind });
});

test('the help names every flag and every environment variable', () => {
  const names = [
    ...['port', 'host', 'backend-url', 'allow', 'journal', 'log', 'config'],
    ...['command-port', 'command-socket', 'tls-cert', 'tls-key', 'origins', 'trusted-proxies'],
  ];
  for (const flag of names) {
    expect(usage).toContain(`--${flag} `);
    expect(usage).toContain(`WSBROKER_${flag.toUpperCase().replaceAll('-', '_')}`);
  }
  expect(usage).toContain('WSBROKER_SECRET');
  expect(usage).not.toContain('--secret');
  expect(usage).toMatch(/--help.*\n.*--version/);
  expect(Math.max(...usage.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

const needsPort = '--port is missing: expected a port number, for example --port 31002';

test.each<[string[], Environment, string]>([
  [[], {}, needsPort],
  [['--host', '127.0.0.1'], {}, needsPort],
  [['--port', '70000'], {}, '--port is "70000": expected a whole number from 0 to 65535'],
  [['--port', 'http'], {}, '--port is "http": expected a whole number from 0 to 65535'],
  [['--port='], {}, '--port is "": expected a whole number from 0 to 65535'],
  [[], { WSBROKER_PORT: '8o' }, 'WSBROKER_PORT is "8o": expected a whole number from 0 to 65535'],
  [['--port', '0', '--host='], {}, '--host is "": expected an address, such as "127.0.0.1"'],
  [
    ['--port', '0', '--backend-url', 'localhost'],
    {},
    '--backend-url is "localhost": expected an http:// or https:// URL',
  ],
  [
    ['--port', '0'],
    { WSBROKER_BACKEND_URL: 'ftp://x/' },
    'WSBROKER_BACKEND_URL is "ftp://x/": expected an http:// or https:// URL',
  ],
  [
    ['--port', '0', '--allow', '::1'],
    {},
    '--backend-url is missing: expected where to POST events, for example http://localhost/mybackend/',
  ],
  [
    ['--port', '0', '--backend-url', url, '--allow', 'localhost'],
    {},
    '`--allow` has "localhost", which is no address: expected IPv4 (127.0.0.1), IPv6 (::1) or a range (10.0.0.0/8)',
  ],
  [
    ['--port', '0', '--backend-url', url],
    { WSBROKER_ALLOW: '::1,x' },
    '`WSBROKER_ALLOW` has "x", which is no address: expected IPv4 (127.0.0.1), IPv6 (::1) or a range (10.0.0.0/8)',
  ],
  [
    ['--port', '0', '--trusted-proxies', 'proxy'],
    {},
    '`--trusted-proxies` has "proxy", which is no address: expected IPv4 (127.0.0.1), IPv6 (::1) or a range (10.0.0.0/8)',
  ],
  [
    ['--port', '0'],
    { WSBROKER_ORIGINS: 'https://a.example/' },
    'WSBROKER_ORIGINS is "https://a.example/": expected an origin such as "https://example.com", without a path',
  ],
  [
    ['--port', '0', '--command-port', 'x'],
    {},
    '--command-port is "x": expected a whole number from 0 to 65535',
  ],
  [
    ['--port', '80', '--command-port', '80'],
    {},
    '--command-port is 80, as --port is: expected another port, or none (commands then come in at --port)',
  ],
  [
    ['--port', '80', '--command-port', '81'],
    { WSBROKER_COMMAND_SOCKET: '/run/x' },
    '--command-port and WSBROKER_COMMAND_SOCKET are both there: expected one of them, where commands come in',
  ],
  [
    ['--port', '0', '--tls-cert', 'cert.pem'],
    {},
    '--tls-key is missing: expected the path of a file in PEM format',
  ],
  [['--port', '0', '--log', 'verbose'], {}, '--log is "verbose": expected text, json, debug or off'],
  [['--port', '0'], { WSBROKER_LOG: 'yes' }, 'WSBROKER_LOG is "yes": expected text, json, debug or off'],
  [['--prot', '0'], {}, "Unknown option '--prot'"],
  [['-p', '0'], {}, "Unknown option '-p'"],
  [['31002'], {}, "Unexpected argument '31002'"],
  [['--port'], {}, "Option '--port <value>' argument missing"],
  [['--port', '-5'], {}, "Option '--port' argument is ambiguous"],
  [['--port', '--host', 'x'], {}, "Option '--port' argument is ambiguous"],
  [['--help=yes'], {}, "Option '-h, --help' does not take an argument"],
])('a mistake is told: %j %j', (args, environment, message) => {
  expect(mistakeIn(args, environment)).toBe(message);
});

test.each<[unknown, (file: string) => string]>([
  ['{ port: 1 }', (file) => `--config: ${file} is not JSON: `],
  ['', (file) => `--config: ${file} is not JSON: `],
  [[], (file) => `--config: ${file} is no JSON object: expected options such as { "port": 31002 }`],
  ['null', (file) => `--config: ${file} is no JSON object: expected options such as`],
  [
    { prot: 1, backend: { urll: 'x' } },
    (file) => `--config: ${file} has \`prot\`, \`backend.urll\`, which no option is called`,
  ],
  [{}, () => needsPort],
  [{ port: -1 }, (file) => `\`port\` in ${file} is -1: expected a whole number from 0 to 65535`],
  [
    { port: 1, maxQueuedEvents: 0 },
    (file) => `\`maxQueuedEvents\` in ${file} is 0: expected a whole number from 1 to 1000000`,
  ],
  [{ port: 1, backend: null }, (file) => `\`backend\` in ${file} is null: expected { type: "http", url }`],
  [{ port: 1, backend: url }, (file) => `\`backend\` in ${file} is "${url}": expected { type: "http", url }`],
  [{ port: 1, backend: {} }, () => '--backend-url is missing: expected where to POST events'],
  [{ port: 1, log: 'loud' }, (file) => `\`log\` in ${file} is "loud": expected text, json, debug or off`],
  [{ port: 1, log: 5 }, (file) => `\`log\` in ${file} is 5: expected true, false, "json"`],
  [{ port: 1, onClientMessage: 'x' }, (file) => `\`onClientMessage\` in ${file} is "x": expected a function`],
  [
    { port: 1, server: {} },
    (file) => `\`server\` in ${file} is an object: expected what http.createServer() gives`,
  ],
])('a mistake in the config file is told with its name: %j', (content, message) => {
  const file = fileWith(content);
  expect(mistakeIn(['--config', file])).toContain(message(file));
});

test('a backend in the config file that is no object stays a mistake when --backend-url is there too', () => {
  const file = fileWith({ port: 1, backend: 'http://x/' });
  expect(mistakeIn(['--config', file, '--backend-url', url])).toContain(
    `\`backend\` in ${file} is "http://x/"`,
  );
});

test('a config file that cannot be read is told', () => {
  const missing = join(folder, 'missing.json');
  expect(mistakeIn(['--config', missing])).toContain(`--config: ${missing} cannot be read: ENOENT`);
  expect(mistakeIn([], { WSBROKER_CONFIG: folder })).toContain(
    `WSBROKER_CONFIG: ${folder} cannot be read: EISDIR`,
  );
});
