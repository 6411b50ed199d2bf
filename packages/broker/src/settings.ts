import { isJsonObject } from '@wsbroker/protocol';
import { inspect } from 'node:util';
import type * as z from 'zod';
import { BrokerError } from './ops/broker-error.ts';
import type { BrokerOptions } from './api.ts';
import {
  functionBackendSchema,
  httpBackendSchema,
  programmaticSchema,
  type Settings,
  settingsSchema,
} from './options.ts';

const dayMs = 86_400_000;
const defaultEventAgeMs = 300_000;

/** A message that the journal has no room for would hold up all others for ever. */
const minMessagesInJournal = 16;

/** Another name that an option was given by, such as `--port` for `port`. */
export type NameOption = (option: string) => string | undefined;

/**
 * Options checked, with every default filled in.
 * @throws BrokerError `bad-option`, naming each option that is wrong, what was seen and what is expected.
 */
export const settingsFrom = (options: BrokerOptions, nameOption: NameOption = () => undefined): Settings => {
  if (!isJsonObject(options)) {
    throw badOption(
      'Broker needs an options object, such as { port: 31002, backend: { type: "http", url: "http://localhost/" } }',
    );
  }
  const settings = settingsSchema.safeParse(options);
  const programmatic = programmaticSchema.safeParse(options);
  const issues = [...(settings.error?.issues ?? []), ...(programmatic.error?.issues ?? [])];
  if (!settings.success || issues.length > 0) {
    throw badOption(issues.map((issue) => described(furthest(issue), options, nameOption)).join('; '));
  }
  if (settings.data.port === undefined && options.server === undefined) {
    throw badOption(
      `${nameOf(['port'], nameOption)} is missing: expected a port number (0 takes a free one), or a \`server\` of yours`,
    );
  }
  const { data } = settings;
  checkCommandDoors(data, nameOption);
  // Else somebody would take for encrypted what is not.
  if (data.tls && options.server !== undefined && data.commandPort === undefined) {
    throw badOption(
      '`tls` has no effect on a `server` of yours: make that with `https.createServer`, or leave `server` out and give a `port`',
    );
  }
  const lonely = data.backend
    ? undefined
    : data.journal !== undefined
      ? 'journal'
      : data.authorize
        ? 'authorize'
        : undefined;
  if (lonely !== undefined) {
    throw badOption(`${nameOf([lonely], nameOption)} needs a \`backend\`: expected one beside it`);
  }
  const minJournalBytes = minMessagesInJournal * data.maxMessageBytes;
  if (data.journal !== undefined && data.maxJournalBytes < minJournalBytes) {
    throw badOption(
      `${nameOf(['maxJournalBytes'], nameOption)} is ${data.maxJournalBytes}: expected at least ${minJournalBytes}, which is ${minMessagesInJournal} times \`maxMessageBytes\``,
    );
  }
  return { ...data, maxEventAgeMs: data.maxEventAgeMs ?? (data.journal ? dayMs : defaultEventAgeMs) };
};

/** One byte less than the system's structure for the address of a Unix socket, which ends with a zero. */
const maxSocketPathBytes = process.platform === 'linux' ? 107 : 103;

/** Where commands come in. */
const checkCommandDoors = (settings: z.output<typeof settingsSchema>, nameOption: NameOption): void => {
  const { port, commandPort, commandSocket } = settings;
  const name = (option: string): string => nameOf([option], nameOption);
  if (commandPort !== undefined && commandSocket !== undefined) {
    throw badOption(
      `${name('commandPort')} and ${name('commandSocket')} are both there: expected one of them, where commands come in`,
    );
  }
  if (commandPort !== undefined && commandPort !== 0 && commandPort === port) {
    throw badOption(
      `${name('commandPort')} is ${commandPort}, as ${name('port')} is: expected another port, or none (commands then come in at ${name('port')})`,
    );
  }
  if (commandSocket === undefined) return;
  if (process.platform === 'win32') {
    throw badOption(`${name('commandSocket')} needs Unix sockets with file modes: use \`commandPort\` here`);
  }
  // With one in front it would be a name of Linux's, which no file mode guards.
  if (commandSocket.includes('\0')) {
    throw badOption(`${name('commandSocket')} has a zero byte in it: expected the path of a file`);
  }
  const bytes = Buffer.byteLength(commandSocket);
  if (bytes > maxSocketPathBytes) {
    throw badOption(
      `${name('commandSocket')} is ${bytes} bytes long: expected at most ${maxSocketPathBytes}, which is all that the system takes; choose a folder nearer to the root`,
    );
  }
};

/** Names in `options` that no option has: a mistyped `origins` must not go unseen. */
export const unknownOptions = (options: object): string[] => {
  const known = { ...settingsSchema.shape, ...programmaticSchema.shape };
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(known, name));
  const { backend } = options as { backend?: unknown };
  if (!isJsonObject(backend)) return unknown;
  const { shape } = backend['type'] === 'function' ? functionBackendSchema : httpBackendSchema;
  const inBackend = Object.keys(backend).filter((name) => !Object.hasOwn(shape, name));
  return [...unknown, ...inBackend.map((name) => `backend.${name}`)];
};

const badOption = (what: string): BrokerError => new BrokerError('bad-option', what);

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A union says only that no branch fits; the branch that got further says which element is wrong. */
const furthest = (issue: z.core.$ZodIssue): Issue => {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors.flat().find(({ path }) => path.length > 0);
  return inner ? { path: [...issue.path, ...inner.path], message: inner.message } : issue;
};

const described = ({ path, message }: Issue, options: object, nameOption: NameOption): string =>
  `${nameOf(path, nameOption)} is ${path[0] === 'secret' ? 'not usable' : shown(valueAt(options, path))}: ${message}`;

/** `backend.allow[0]`, or the flag that it was given by. */
const nameOf = (path: readonly PropertyKey[], nameOption: NameOption): string => {
  const fields = path.filter((part) => typeof part !== 'number').map(String);
  const given = nameOption(fields.join('.'));
  if (given !== undefined) return given;
  const places = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  return `\`${places.join('').replace(/^\./, '')}\``;
};

const valueAt = (options: object, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part], options);

const maxShownLength = 80;

const shown = (value: unknown): string => {
  if (value === undefined) return 'missing';
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return inspect(value);
  // The URL of a backend may hold a password, in which anything may be that makes it no URL; or a token.
  const text = value
    .replace(/^([^:@]*:\/\/)?.*@/s, '$1…@')
    .replace(/\?.*/s, '?…')
    .replace(/whsec_.*/s, 'whsec_…');
  return JSON.stringify(text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text);
};
