import type { Command } from '@wsbroker/protocol';
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import * as z from 'zod';
import type { CommandHandler, Handlers } from './api.ts';
import { BrokerError } from './ops/broker-error.ts';
import type { Logger } from './ops/logger.ts';

const kibi = 1024;
const mebi = 1024 * kibi;

const addressListSchema = z.array(z.string().min(1));

const httpBackendSchema = z.object({
  type: z.literal('http').default('http'),
  /** Where events are POSTed. A user and password in it are sent as Basic authorization. */
  url: z.url({ protocol: /^https?$/, error: 'Expected an http:// or https:// URL' }),
  /** Addresses (IPv4, IPv6, CIDR) that may POST commands. @default none */
  allow: addressListSchema.optional(),
  /** How events are encoded. @default 'form' */
  encoding: z.enum(['form', 'json']).default('form'),
  /** A request that takes longer has failed, and is sent again. @default 30000 */
  timeoutMs: z.int().min(1).max(600_000).default(30_000),
  /** How many requests run at once, over all connections. @default 32 */
  maxRequests: z.int().min(1).max(1_024).default(32),
  /** The largest answer that is read. @default 1048576 */
  maxAnswerBytes: z
    .int()
    .min(kibi)
    .max(64 * mebi)
    .default(mebi),
});

const functionBackendSchema = z.object({
  type: z.literal('function'),
  handle: z.custom<FunctionBackendOptions['handle']>(
    (value) => typeof value === 'function',
    'Expected a function (event, connection) => commands',
  ),
  allow: addressListSchema.optional(),
  maxRequests: z.int().min(1).max(1_024).default(32),
  timeoutMs: z.int().min(1).max(600_000).default(30_000),
});

/** Every option that is data: its shape, default and bounds. What the CLI and a config file can set. */
export const settingsSchema = z.object({
  /** The port of WebSockets and commands; 0 takes a free one. */
  port: z.int().min(0).max(65_535).optional(),
  /** The address to listen on. @default all addresses */
  host: z.string().min(1).optional(),
  backend: z.union([httpBackendSchema, functionBackendSchema]).optional(),
  /** Only upgrades of this path are taken. @default any path */
  path: z.string().startsWith('/').optional(),
  /** Only POSTs to this path are commands. @default any path; with a `server` of yours, `/` */
  commandPath: z.string().startsWith('/').optional(),
  /**
   * Origins whose pages may connect, such as `https://example.com`; `*` for any.
   * @default pages of the host that the broker is asked for, whatever the port
   */
  origins: z.union([z.array(z.string().min(1)), z.literal('*')]).optional(),
  /** Proxies whose `x-forwarded-for` is believed, for `sessionInfo.ip`. @default loopback */
  trustedProxies: addressListSchema.default(['127.0.0.0/8', '::1']),
  /** Which cookies become `sessionInfo` fields: all, none, or those named. @default true */
  cookies: z.union([z.boolean(), z.array(z.string().min(1))]).default(true),
  /** The largest message of a client. @default 65536 */
  maxMessageBytes: z
    .int()
    .min(1)
    .max(64 * mebi)
    .default(64 * kibi),
  /** The largest body of a command POST. @default 1048576 */
  maxCommandBytes: z
    .int()
    .min(kibi)
    .max(256 * mebi)
    .default(mebi),
  /** Events that may wait on one connection before its socket is read no further. @default 256 */
  maxQueuedEvents: z.int().min(1).max(1_000_000).default(256),
  /** The same in bytes. @default 1048576 */
  maxQueuedBytes: z
    .int()
    .min(kibi)
    .max(1_024 * mebi)
    .default(mebi),
  /** Bytes of events that may wait over all connections before no socket is read further. @default 67108864 */
  maxTotalQueuedBytes: z
    .int()
    .min(kibi)
    .max(64 * 1_024 * mebi)
    .default(64 * mebi),
  /** Bytes that a client may leave unread before it is closed. @default 1048576 */
  maxUnreadBytes: z
    .int()
    .min(kibi)
    .max(1_024 * mebi)
    .default(mebi),
  /** After the first failed attempt an event waits at most this long. @default 100 */
  retryMinMs: z.int().min(1).max(60_000).default(100),
  /** However many attempts failed, an event waits at most this long. @default 10000 */
  retryMaxMs: z.int().min(1).max(600_000).default(10_000),
  /** An event that could not be delivered for so long is given up. @default 300000 */
  maxEventAgeMs: z.int().min(1).max(86_400_000).default(300_000),
  /** How often clients are pinged. @default 25000 */
  pingIntervalMs: z.int().min(10).max(3_600_000).default(25_000),
  /** How long a client may take to answer a ping. @default 10000 */
  pongTimeoutMs: z.int().min(10).max(3_600_000).default(10_000),
});

export type Settings = z.output<typeof settingsSchema>;
export type BackendSettings = NonNullable<Settings['backend']>;
export type HttpBackendSettings = z.output<typeof httpBackendSchema>;
export type FunctionBackendSettings = z.output<typeof functionBackendSchema>;

export type HttpBackendOptions = z.input<typeof httpBackendSchema>;

/** Backend logic in this process. */
export interface FunctionBackendOptions {
  type: 'function';
  /**
   * Gets each event with the `sessionInfo` of its connection, and returns (or resolves to) a list of
   * commands, or nothing. A throw counts as a failed attempt: the event is tried again.
   */
  handle(
    event: { type: string; [field: string]: unknown },
    connection: Record<string, unknown>,
  ): readonly Command[] | void | Promise<readonly Command[] | void>;
  allow?: string[] | undefined;
  maxRequests?: number | undefined;
  timeoutMs?: number | undefined;
}

/** What `Broker(options)` takes. */
export interface BrokerOptions extends Omit<z.input<typeof settingsSchema>, 'backend'>, Handlers {
  backend?: HttpBackendOptions | FunctionBackendOptions | undefined;
  /** Use this server. Its own handlers go on working; the broker takes upgrades and commands. */
  server?: Server | SecureServer | undefined;
  /**
   * `true`: everything, readable in a terminal; `'json'`: JSON lines, without payloads; a logger such as
   * `pino()`. Otherwise only what went wrong, and `log` commands.
   * @default false
   */
  log?: boolean | 'json' | Logger | undefined;
  /** Commands of the application's own, by type; they go before the built-in ones. */
  backendCommands?: Record<string, CommandHandler> | undefined;
}

/** Options that are not data, and so not in the schema. */
const programmatic: ReadonlySet<string> = new Set([
  'server',
  'log',
  'backendCommands',
  'onClientConnect',
  'onClientMessage',
  'onClientDisconnect',
  'onBackendMessage',
] satisfies (keyof BrokerOptions)[]);

/** Names in `options` that no option has: a mistyped `origins` must not go unseen. */
export const unknownOptions = (options: object): string[] =>
  Object.keys(options).filter(
    (name) => !programmatic.has(name) && !Object.hasOwn(settingsSchema.shape, name),
  );

const describeIssue = (issue: z.core.$ZodIssue): string => {
  // A union says only that no branch fits; the branch that got furthest says why.
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.filter((branch) => branch.length > 0);
    const furthest = branches.toSorted((a, b) => deepest(b) - deepest(a))[0]?.[0];
    if (furthest) return describeIssue({ ...furthest, path: [...issue.path, ...furthest.path] });
  }
  const path = issue.path.join('.');
  return `\`${path}\`: ${issue.message}`;
};
const deepest = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.max(...issues.map((issue) => issue.path.length));

/**
 * Options checked, with every default filled in.
 * @throws BrokerError `bad-option`, naming the option, what was seen and what is expected.
 */
export const settingsFrom = (options: BrokerOptions): Settings => {
  if (typeof options !== 'object' || options === null) {
    throw new BrokerError(
      'bad-option',
      'Broker needs an options object, such as { port: 31002, backend: { type: "http", url: "http://localhost/" } }',
    );
  }
  const result = settingsSchema.safeParse(options);
  if (!result.success) {
    throw new BrokerError(
      'bad-option',
      `Broker options: ${result.error.issues.map(describeIssue).join('; ')}`,
      { cause: result.error },
    );
  }
  if (result.data.port === undefined && options.server === undefined) {
    throw new BrokerError(
      'bad-option',
      'Broker options: `port` is missing: give a port number (0 takes a free one) or a `server` of yours',
    );
  }
  return result.data;
};
