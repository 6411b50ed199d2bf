import type { Command } from '@wsbroker/protocol';
import { readSecret } from '@wsbroker/protocol/signature';
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import * as z from 'zod';
import type { Logger } from './ops/logger.ts';

const kibi = 1024;
const mebi = 1024 * kibi;

/** A number with bounds. Whatever is wrong with it, the error tells both of them. */
const whole = (min: number, max: number) => {
  const expected = `expected a whole number from ${min} to ${max}`;
  return z.int(expected).min(min, expected).max(max, expected);
};

const text = (expected: string) => z.string(expected).min(1, expected);

const addressListSchema = z.array(
  text('expected an address such as 127.0.0.1, ::1 or 10.0.0.0/8'),
  'expected a list of addresses, such as ["127.0.0.1"]',
);

const pathSchema = z
  .string('expected a path such as "/ws"')
  .startsWith('/', 'expected a path that begins with "/"');

/** As a browser sends it: no path, not even a slash at the end. */
const originPattern = /^(\*|null|[a-z][a-z\d+.-]*:\/\/[^/\s]+)$/i;
const originExpected = 'expected an origin such as "https://example.com", without a path';

const secretExpected =
  'expected "whsec_" and 24 to 64 random bytes in base64, such as `openssl rand -base64 32` gives';
const isSecret = (secret: string): boolean => {
  try {
    readSecret(secret);
    return true;
  } catch {
    return false;
  }
};
const secretSchema = z.string(secretExpected).refine(isSecret, secretExpected);

const fileSchema = text('expected the path of a file in PEM format');

const functionSchema = <T>(expected: string) => z.custom<T>((value) => typeof value === 'function', expected);

export const httpBackendSchema = z.object({
  type: z.literal('http').default('http'),
  /** Where events are POSTed. A user and password in it are sent as Basic authorization. */
  url: z.url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' }),
  /** Addresses (IPv4, IPv6, CIDR) that may POST commands. @default none */
  allow: addressListSchema.optional(),
  /** How events are encoded. @default 'form' */
  encoding: z.enum(['form', 'json'], 'expected "form" or "json"').default('form'),
  /** A request that takes longer has failed, and is sent again. @default 30000 */
  timeoutMs: whole(1, 600_000).default(30_000),
  /** How many requests run at once, over all connections. @default 32 */
  maxRequests: whole(1, 1_024).default(32),
  /** The largest answer that is read; the commands of a larger one do not run. @default 1048576 */
  maxAnswerBytes: whole(kibi, 64 * mebi).default(mebi),
  /**
   * How large a request with several events may be, which backends get that ask for them: of their messages and
   * connections, before they are encoded as a form. @default 262144
   */
  maxBatchBytes: whole(kibi, 64 * mebi).default(256 * kibi),
  /**
   * Certificates in PEM format, of authorities that the certificate of an https:// `url` may be signed by; no
   * others then count. Read at the start. @default those that Node knows
   */
  ca: fileSchema.optional(),
});

export const functionBackendSchema = z.object({
  type: z.literal('function'),
  handle: functionSchema<FunctionBackendOptions['handle']>(
    'expected a function (event, connection) => commands',
  ),
  allow: addressListSchema.optional(),
  maxRequests: whole(1, 1_024).default(32),
  timeoutMs: whole(1, 600_000).default(30_000),
});

const backendSchema = z.discriminatedUnion(
  'type',
  [httpBackendSchema, functionBackendSchema],
  'expected { type: "http", url } or { type: "function", handle }',
);

/** Environment variables are texts, and existing code hands them on: `port: process.env.PORT`. */
const portSchema = z.preprocess(
  (value) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value),
  whole(0, 65_535),
);

/** Every option that is data: its shape, default and bounds. What the CLI and a config file can set. */
export const settingsSchema = z.object({
  /** The port of WebSockets and commands; 0 takes a free one. */
  port: portSchema.optional(),
  /** The address to listen on. @default all addresses */
  host: text('expected an address, such as "127.0.0.1"').optional(),
  backend: backendSchema.optional(),
  /** Only upgrades of this path are taken. @default any path */
  path: pathSchema.optional(),
  /** Only POSTs to this path are commands. @default any path; with a `server` of yours, `/` */
  commandPath: pathSchema.optional(),
  /**
   * A port of their own for commands; the WebSocket port then takes none.
   * @default commands are POSTed to the WebSocket port
   */
  commandPort: portSchema.optional(),
  /** The address on which `commandPort` listens. @default '127.0.0.1' */
  commandHost: text('expected an address, such as "127.0.0.1"').default('127.0.0.1'),
  /**
   * A Unix socket for commands in place of `commandPort`. Whoever may write to the file may send commands.
   * @default none
   */
  commandSocket: text('expected the path of a Unix socket').optional(),
  /**
   * Names by which commands may ask for the broker (`Host`), with or without a port.
   * @default any
   */
  commandHosts: z
    .array(
      text('expected a host, such as "localhost" or "broker:31002"'),
      'expected a list of hosts, such as ["localhost"]',
    )
    .optional(),
  /**
   * Signs events and demands signed commands, by Standard Webhooks. Two while one takes over from the other:
   * events then carry both signatures, and commands are taken with either.
   * @default none
   */
  secret: z
    .union(
      [secretSchema, z.array(secretSchema).min(1, secretExpected).max(2, secretExpected)],
      secretExpected,
    )
    .optional(),
  /** The broker's own certificate and key: it then speaks wss:// and https:// alone. @default none */
  tls: z
    .object(
      {
        /** The certificate, with those that lead to its authority. Read again whenever the file changes. */
        cert: fileSchema,
        /** Its private key. */
        key: fileSchema,
      },
      'expected { cert, key }, the paths of two files in PEM format',
    )
    .optional(),
  /**
   * Origins whose pages may connect, such as `https://example.com`; `*` for any.
   * @default pages of the host that the broker is asked for, whatever the port
   */
  origins: z
    .union(
      [z.array(z.string(originExpected).regex(originPattern, originExpected)), z.literal('*')],
      'expected a list of origins, or "*" for any',
    )
    .optional(),
  /** Whether a handshake without an `Origin`, which only programs send, is refused. @default false */
  requireOrigin: z.boolean('expected true or false').default(false),
  /** Proxies whose `x-forwarded-for` is believed, for `sessionInfo.ip`. @default loopback */
  trustedProxies: addressListSchema.default(['127.0.0.0/8', '::1']),
  /** Which cookies become `sessionInfo` fields: all, none, or those named. @default true */
  cookies: z
    .union(
      [z.boolean(), z.array(text('expected the name of a cookie'))],
      'expected true, false, or a list of names',
    )
    .default(true),
  /** Clients at once: those on a socket, and those whose connection waits for them. @default what descriptors allow, up to 100000 */
  maxConnections: whole(1, 1_000_000).optional(),
  /** The same for each address: IPv4, or the first 64 bits of IPv6. @default 1000 */
  maxConnectionsPerAddress: whole(1, 1_000_000).default(1_000),
  /** Handshakes that are taken each second, in the long run. @default 1000 */
  handshakesPerSecond: whole(1, 1_000_000).default(1_000),
  /** Handshakes that are taken at once after a time of quiet. @default 10000 */
  handshakeBurst: whole(1, 1_000_000).default(10_000),
  /** Handshakes that are taken each second from each address. @default 20 */
  handshakesPerSecondPerAddress: whole(1, 1_000_000).default(20),
  /** Handshakes that are taken at once from each address. @default 200 */
  handshakeBurstPerAddress: whole(1, 1_000_000).default(200),
  /** How long a client may take for each step of connecting: TLS, the request's head, `open`. @default 10000 */
  handshakeTimeoutMs: whole(100, 600_000).default(10_000),
  /** How long a command POST may take to arrive whole. @default 30000 */
  requestTimeoutMs: whole(100, 3_600_000).default(30_000),
  /**
   * TCP connections that have not become a WebSocket or an accepted command POST. For one more the oldest is cut.
   * @default what descriptors allow, up to 1000
   */
  maxPendingSockets: whole(1, 1_000_000).optional(),
  /** The largest message of a client; a larger one closes its socket with 1009. @default 65536 */
  maxMessageBytes: whole(1, 64 * mebi).default(64 * kibi),
  /** Frames that a message may be sent in; more close the socket with 1008. @default 64 */
  maxFragments: whole(1, 16_384).default(64),
  /** How deep lists and objects of a message may be nested; a deeper one is answered with an error. @default 64 */
  maxMessageDepth: whole(1, 1_000).default(64),
  /** Messages (and pings) of one client that are read each second, in the long run. @default 200 */
  messagesPerSecond: whole(1, 1_000_000).default(200),
  /** Messages of one client that are read at once after a time of quiet. @default 400 */
  messageBurst: whole(1, 1_000_000).default(400),
  /** The largest body of a command POST; a larger one is answered 413. @default 1048576 */
  maxCommandBytes: whole(kibi, 256 * mebi).default(mebi),
  /** Events that may wait on one connection before its socket is read no further. @default 256 */
  maxQueuedEvents: whole(1, 1_000_000).default(256),
  /** The same in bytes. @default 1048576 */
  maxQueuedBytes: whole(kibi, 1_024 * mebi).default(mebi),
  /** Bytes of events that may wait over all connections before no socket is read further. @default 67108864 */
  maxTotalQueuedBytes: whole(kibi, 64 * 1_024 * mebi).default(64 * mebi),
  /** Bytes that a client may leave unread before it is closed. @default 1048576 */
  maxUnreadBytes: whole(kibi, 1_024 * mebi).default(mebi),
  /** The same over all clients: past it, those with the most unread are closed. @default 268435456 */
  maxTotalUnreadBytes: whole(kibi, 1_024 * 1_024 * mebi).default(256 * mebi),
  /** A client that reads nothing of what waits for it for so long is closed. @default 10000 */
  unreadTimeoutMs: whole(100, 3_600_000).default(10_000),
  /** After the first failed attempt an event waits at most this long. @default 100 */
  retryMinMs: whole(1, 60_000).default(100),
  /** However many attempts failed, an event waits at most this long. @default 10000 */
  retryMaxMs: whole(1, 600_000).default(10_000),
  /** An event that could not be delivered for so long is given up. @default 5 minutes; with a journal a day */
  maxEventAgeMs: whole(1, 30 * 86_400_000).optional(),
  /** An event that failed so often while others were delivered is given up. @default 8 */
  maxPoisonAttempts: whole(1, 1_000).default(8),
  /**
   * A request to the backend that takes longer steps aside: so many requests again may run beside those of
   * `backend.maxRequests`, so that a few that hang do not hold up the others. @default 1000
   */
  slowRequestMs: whole(10, 600_000).default(1_000),
  /**
   * Whether a client is connected only when the backend has agreed: until `session-connect` is answered
   * nothing is sent to it and nothing of it forwarded; a `close` in the answer, or 401 or 403, refuses it.
   * @default false
   */
  authorize: z.boolean('expected true or false').default(false),
  /**
   * A file in which events and open connections are kept, so that they outlive this process. It is made when
   * it is not there. @default none: they are kept in memory
   */
  journal: text('expected the path of a file').optional(),
  /** The largest journal file. A full one is a full disk: clients wait until there is room. @default 4294967296 */
  maxJournalBytes: whole(mebi, 1_024 * 1_024 * mebi).default(4_096 * mebi),
  /** Events that were given up and are kept in the journal; older ones are dropped. @default 10000 */
  maxDeadLetters: whole(0, 10_000_000).default(10_000),
  /**
   * How long a connection waits for its client when the socket is lost, with clients that speak `wsbroker.v1`.
   * @default 30000
   */
  resumeGraceMs: whole(0, 86_400_000).default(30_000),
  /** Messages that are kept for a client until it has acknowledged them. @default 100 */
  replayMessages: whole(1, 1_000_000).default(100),
  /** The same in bytes. @default 262144 */
  replayBytes: whole(kibi, 1_024 * mebi).default(256 * kibi),
  /** How long closing may take: clients are closed one by one, and waiting events delivered. @default 5000 */
  drainMs: whole(0, 3_600_000).default(5_000),
  /**
   * How long an async handler or command of the application may take; after that it counts as failed. A
   * connection's events wait for it. @default 30000
   */
  handlerTimeoutMs: whole(1, 600_000).default(30_000),
  /** How often clients are pinged. @default 25000 */
  pingIntervalMs: whole(10, 3_600_000).default(25_000),
  /** How long a client may take to answer a ping. @default 10000 */
  pongTimeoutMs: whole(10, 3_600_000).default(10_000),
});

/** Every option that is not data, and so can be set by code alone. */
export const programmaticSchema = z.object({
  server: z
    .custom<Server | SecureServer>(
      (value) => value instanceof NetServer,
      'expected what http.createServer() gives',
    )
    .optional(),
  log: z
    .custom<boolean | 'json' | Logger>(
      (value) => typeof value === 'boolean' || value === 'json' || isLogger(value),
      'expected true, false, "json", or a logger with debug, info, warn and error',
    )
    .optional(),
  backendCommands: z
    .record(
      z.string(),
      functionSchema('expected a function (command, connection, broker) => result'),
      'expected an object of functions, by the type of the command',
    )
    .optional(),
  onClientConnect: functionSchema('expected a function').optional(),
  onClientMessage: functionSchema('expected a function').optional(),
  onClientDisconnect: functionSchema('expected a function').optional(),
  onBackendMessage: functionSchema('expected a function').optional(),
});

const isLogger = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  ['debug', 'info', 'warn', 'error'].every(
    (level) => typeof (value as Record<string, unknown>)[level] === 'function',
  );

/** Every option that is data, with its default. */
export type Settings = z.output<typeof settingsSchema> & { readonly maxEventAgeMs: number };
export type BackendSettings = NonNullable<Settings['backend']>;
export type HttpBackendSettings = z.output<typeof httpBackendSchema>;
export type FunctionBackendSettings = z.output<typeof functionBackendSchema>;

export type HttpBackendOptions = z.input<typeof httpBackendSchema>;

/** What an HTTP backend is told in headers. */
export interface EventFacts {
  /** The same on every attempt. */
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  /** Of a client's request: its id. A `reply` among the commands answers it. */
  readonly request?: number;
  /** Of `session-disconnect`: why, such as `client-left`. */
  readonly reason?: string;
}

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
    facts: EventFacts,
  ): readonly Command[] | void | Promise<readonly Command[] | void>;
  allow?: string[] | undefined;
  maxRequests?: number | undefined;
  timeoutMs?: number | undefined;
}
