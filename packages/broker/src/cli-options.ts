import { isJsonObject } from '@wsbroker/protocol';
import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { AddressList } from './edge/address-list.ts';
import { createTextLogger } from './ops/logger.ts';
import { reasonOf } from './ops/reason.ts';
import type { BrokerOptions } from './api.ts';
import { settingsFrom, unknownOptions } from './settings.ts';

/** A mistake of whoever typed the command: one clear line, no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const flags = {
  port: { type: 'string' },
  host: { type: 'string' },
  'backend-url': { type: 'string' },
  allow: { type: 'string', multiple: true },
  'command-port': { type: 'string' },
  'command-socket': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  origins: { type: 'string', multiple: true },
  'trusted-proxies': { type: 'string', multiple: true },
  journal: { type: 'string' },
  log: { type: 'string' },
  config: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const satisfies ParseArgsOptionsConfig;

/** What can be set by a flag or in the environment. */
type FlagName = Exclude<keyof typeof flags, 'help' | 'version'>;
/** The secret has no flag: everybody on the machine could read it in the list of processes. */
type SettingName = FlagName | 'secret';

export const usage = `Usage: wsbroker --port 31002 --backend-url http://localhost/app/ [options]

Holds WebSocket connections for an HTTP backend: POSTs an event for each
connect, message and disconnect, and runs the commands that the backend answers
or POSTs.

  --port NUMBER       port of WebSockets and commands; 0 takes a free one
  --host ADDRESS      address to listen on (default: all)
  --backend-url URL   where events are POSTed
  --allow ADDRESS     who may POST commands: an address or a range such as
                      10.0.0.0/8; may be repeated (default: nobody)
  --command-port NUMBER
                      take commands on this port, of 127.0.0.1 alone, and not on
                      the port of WebSockets
  --command-socket FILE
                      take commands on this Unix socket instead: whoever may
                      write to the file may send commands
  --tls-cert FILE     speak wss:// and https:// with this certificate (PEM);
                      it is read again whenever it changes
  --tls-key FILE      and its private key
  --origins ORIGIN    whose pages may connect, such as https://example.com, or *
                      for all; may be repeated (default: the broker's own host)
  --trusted-proxies ADDRESS
                      proxies whose X-Forwarded-For is believed; may be repeated
                      (default: this machine)
  --journal FILE      keep events and open connections in this file: they then
                      outlive a crash or a restart (default: in memory)
  --log FORMAT        text (default), json, or off; debug is text with every
                      message and session in it, which the others leave out
  --config FILE       a JSON file with any of the options of Broker(), such as
                      { "port": 31002, "backend": { "url": "http://…" } }
  -h, --help          this text
  -v, --version       the version

Each option can also be set in the environment: WSBROKER_PORT, WSBROKER_HOST,
WSBROKER_BACKEND_URL, WSBROKER_ALLOW (with commas), WSBROKER_COMMAND_PORT,
WSBROKER_COMMAND_SOCKET, WSBROKER_TLS_CERT, WSBROKER_TLS_KEY, WSBROKER_ORIGINS
and WSBROKER_TRUSTED_PROXIES (both with commas), WSBROKER_JOURNAL, WSBROKER_LOG
and WSBROKER_CONFIG. WSBROKER_SECRET is the secret that events and commands are
signed with (two, with a comma, while one takes over from the other); it has no
flag, since everybody on the machine could read it in \`ps\`. A flag goes before
the environment, the environment before the config file.
SIGTERM and Ctrl-C close in order; a second one ends at once.`;

/** What the command line asks for. */
export type Request =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly options: BrokerOptions };

/** A setting as it was given, and by which name: `--port` or `WSBROKER_PORT`. */
interface Given {
  readonly name: string;
  readonly text: string;
}

/** @throws UsageError, or a BrokerError `bad-option` for an option that is out of its bounds. */
export const readCommandLine = (args: readonly string[], environment: NodeJS.ProcessEnv): Request => {
  const values = parse(args);
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const given = (setting: SettingName): Given | undefined => {
    const value = setting === 'secret' ? undefined : values[setting];
    if (value !== undefined)
      return { name: `--${setting}`, text: Array.isArray(value) ? value.join() : value };
    const name = `WSBROKER_${setting.toUpperCase().replaceAll('-', '_')}`;
    const text = environment[name];
    return text === undefined || text === '' ? undefined : { name, text };
  };
  return { kind: 'run', options: optionsFrom(given) };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // Node's first sentence says what is wrong; the rest explains its own option syntax.
    const [sentence = ''] = (error as Error).message.split(/\.?\n|\. |\.$/);
    throw new UsageError(sentence, { cause: error });
  }
};

const optionsFrom = (given: (setting: SettingName) => Given | undefined): BrokerOptions => {
  const [port, host, url, allow] = [given('port'), given('host'), given('backend-url'), given('allow')];
  const [commandPort, commandSocket] = [given('command-port'), given('command-socket')];
  const [cert, key] = [given('tls-cert'), given('tls-key')];
  const [origins, trustedProxies] = [given('origins'), given('trusted-proxies')];
  const [journal, secret] = [given('journal'), given('secret')];
  const config = given('config');
  const options = config === undefined ? {} : readConfig(config);
  if (port !== undefined) options.port = port.text;
  if (host !== undefined) options.host = host.text;
  if (commandPort !== undefined) options.commandPort = commandPort.text;
  if (commandSocket !== undefined) options.commandSocket = commandSocket.text;
  if (journal !== undefined) options.journal = journal.text;
  if (secret !== undefined) options.secret = partsOf(secret);
  if (origins !== undefined) options.origins = partsOf(origins);
  if (trustedProxies !== undefined) options.trustedProxies = addressesOf(trustedProxies);
  if ((cert !== undefined || key !== undefined) && isJsonObject(options.tls ?? {})) {
    options.tls = {
      ...options.tls,
      ...(cert === undefined ? {} : { cert: cert.text }),
      ...(key === undefined ? {} : { key: key.text }),
    } as NonNullable<BrokerOptions['tls']>;
  }
  options.log = logFrom(given('log'), options.log);
  if ((url !== undefined || allow !== undefined) && isJsonObject(options.backend ?? {})) {
    options.backend = {
      ...options.backend,
      ...(url === undefined ? {} : { url: url.text }),
      ...(allow === undefined ? {} : { allow: addressesOf(allow) }),
    } as NonNullable<BrokerOptions['backend']>;
  }
  checkComplete(options);
  const names: Readonly<Record<string, Given | undefined>> = {
    port,
    host,
    commandPort,
    commandSocket,
    'tls.cert': cert ?? (key && { name: '--tls-cert', text: '' }),
    'tls.key': key ?? (cert && { name: '--tls-key', text: '' }),
    origins,
    trustedProxies,
    secret,
    journal,
    'backend.url': url,
    'backend.allow': allow,
  };
  settingsFrom(options, (option) => {
    const name = names[option]?.name;
    return name ?? (config === undefined ? undefined : `\`${option}\` in ${config.text}`);
  });
  return options;
};

const checkComplete = ({ port, backend }: BrokerOptions): void => {
  if (port === undefined) {
    throw new UsageError('--port is missing: expected a port number, for example --port 31002');
  }
  if (isJsonObject(backend) && backend['url'] === undefined) {
    throw new UsageError(
      '--backend-url is missing: expected where to POST events, for example http://localhost/mybackend/',
    );
  }
};

const partsOf = ({ text }: Given): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const addressesOf = (given: Given): string[] => {
  const addresses = partsOf(given);
  // For its error, which calls the option by the name that was typed.
  void new AddressList(addresses, given.name);
  return addresses;
};

const logFrom = (given: Given | undefined, ofConfig: BrokerOptions['log']): BrokerOptions['log'] => {
  if (given === undefined) return ofConfig ?? createTextLogger('info');
  switch (given.text) {
    case 'text':
      return createTextLogger('info');
    case 'debug':
    case 'true':
      return true;
    case 'json':
      return 'json';
    case 'off':
    case 'false':
      return false;
    default:
      throw new UsageError(
        `${given.name} is ${JSON.stringify(given.text)}: expected text, json, debug or off`,
      );
  }
};

const readConfig = ({ name, text: file }: Given): BrokerOptions => {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw new UsageError(`${name}: ${file} cannot be read: ${reasonOf(error)}`, { cause: error });
    }
    // Without the piece of the file that Node shows, which may be a secret, and so without the error itself.
    const [what = ''] = error.message.split(/, (?:\.\.\.)?"|\n/);
    throw new UsageError(`${name}: ${file} is not JSON: ${what}`);
  }
  if (!isJsonObject(config)) {
    throw new UsageError(`${name}: ${file} is no JSON object: expected options such as { "port": 31002 }`);
  }
  const unknown = unknownOptions(config).map((option) => `\`${option}\``);
  if (unknown.length > 0) {
    throw new UsageError(`${name}: ${file} has ${unknown.join(', ')}, which no option is called`);
  }
  const { log } = config;
  return typeof log === 'string'
    ? { ...config, log: logFrom({ name: `\`log\` in ${file}`, text: log }, undefined) }
    : config;
};
