import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import type { BrokerOptions } from './options.ts';
import { settingsFrom, unknownOptions } from './settings.ts';

/** A mistake of whoever typed the command: one clear line, no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const flags = {
  port: { type: 'string' },
  host: { type: 'string' },
  'backend-url': { type: 'string' },
  allow: { type: 'string', multiple: true },
  log: { type: 'string' },
  config: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const satisfies ParseArgsOptionsConfig;

export const usage = `Usage: wsbroker --port 31002 --backend-url http://localhost/mybackend/ [options]

Holds WebSocket connections for an HTTP backend: POSTs an event for each connect,
message and disconnect, and runs the commands that the backend answers or POSTs.

  --port NUMBER       port of WebSockets and commands; 0 takes a free one
  --host ADDRESS      address to listen on (default: all)
  --backend-url URL   where events are POSTed
  --allow ADDRESS     who may POST commands: an address or a range such as
                      10.0.0.0/8; may be repeated (default: nobody)
  --log FORMAT        text (default), json, or off
  --config FILE       a JSON file with any of the options of Broker(), such as
                      { "port": 31002, "backend": { "url": "http://…" } }
  --help, --version

Each option can also be set in the environment: WSBROKER_PORT, WSBROKER_HOST,
WSBROKER_BACKEND_URL, WSBROKER_ALLOW (with commas), WSBROKER_LOG, WSBROKER_CONFIG.
A flag goes before the environment, the environment before the config file.
SIGTERM and Ctrl-C close in order; a second one ends at once.`;

/** What the command line asks for. */
export type Request =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly options: BrokerOptions };

type Values = Partial<Record<'port' | 'host' | 'backend-url' | 'log' | 'config', string>> & {
  allow?: string[];
};

/** @throws UsageError, or a BrokerError for an option out of its bounds. */
export const readCommandLine = (args: readonly string[], environment: NodeJS.ProcessEnv): Request => {
  const given = parse(args);
  if (given.help) return { kind: 'help' };
  if (given.version) return { kind: 'version' };
  const values: Values = { ...fromEnvironment(environment), ...given };
  const options = values.config === undefined ? {} : readConfig(values.config);
  if (values.port !== undefined) options.port = numberOf(values.port);
  if (values.host !== undefined) options.host = values.host;
  options.log = logOf(values.log, options.log);
  const url = values['backend-url'];
  if (url !== undefined || values.allow !== undefined) {
    options.backend = {
      type: 'http',
      ...(options.backend as object | undefined),
      ...(url === undefined ? {} : { url }),
      ...(values.allow === undefined ? {} : { allow: values.allow }),
    } as BrokerOptions['backend'];
  }
  if (options.port === undefined) {
    throw new UsageError('--port is missing: expected a port number, for example --port 31002');
  }
  if (options.backend !== undefined && (options.backend as { url?: unknown }).url === undefined) {
    throw new UsageError(
      '--backend-url is missing: expected where to POST events, for example http://localhost/mybackend/',
    );
  }
  settingsFrom(options);
  return { kind: 'run', options };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // Node's first sentence says what is wrong; the rest explains its own option syntax.
    const [sentence = ''] = (error as Error).message.split('. ');
    throw new UsageError(sentence, { cause: error });
  }
};

const fromEnvironment = (environment: NodeJS.ProcessEnv): Values => {
  const values: Values = {};
  for (const name of ['port', 'host', 'backend-url', 'log', 'config'] as const) {
    const value = environment[`WSBROKER_${name.toUpperCase().replaceAll('-', '_')}`];
    if (value !== undefined && value !== '') values[name] = value;
  }
  const allow = environment['WSBROKER_ALLOW'];
  if (allow !== undefined && allow !== '') values.allow = allow.split(',').map((address) => address.trim());
  return values;
};

const numberOf = (text: string): number => {
  if (!/^\d{1,5}$/.test(text)) throw new UsageError(`--port is "${text}": expected a number from 0 to 65535`);
  return Number(text);
};

const logOf = (flag: string | undefined, fromConfig: BrokerOptions['log']): BrokerOptions['log'] => {
  switch (flag) {
    case undefined:
      return fromConfig ?? true;
    case 'text':
    case 'true':
      return true;
    case 'json':
      return 'json';
    case 'off':
    case 'false':
      return false;
    default:
      throw new UsageError(`--log is "${flag}": expected text, json or off`);
  }
};

const readConfig = (file: string): BrokerOptions => {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const what = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new UsageError(`--config: ${file} ${what}: ${(error as Error).message}`, { cause: error });
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new UsageError(
      `--config: ${file} is not a JSON object: expected options such as { "port": 31002 }`,
    );
  }
  const [unknown] = unknownOptions(config);
  if (unknown !== undefined) {
    throw new UsageError(`--config: ${file}: unknown option \`${unknown}\``);
  }
  const { log } = config as { log?: unknown };
  if (log !== undefined && typeof log !== 'boolean' && log !== 'json') {
    throw new UsageError(`--config: ${file}: \`log\`: expected true, false or "json"`);
  }
  return config as BrokerOptions;
};
