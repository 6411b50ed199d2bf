import type { ClientMessage, Command, Criteria, SessionInfo } from '@wsbroker/protocol';
import type { IncomingMessage, Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { WebSocketServer } from 'ws';
import type * as z from 'zod';
import type { Logger } from './ops/logger.ts';
import type { FunctionBackendOptions, HttpBackendOptions, settingsSchema } from './options.ts';

/** One user's link, as handlers see it. */
export interface Connection {
  /** What is known of this connection. Handlers may read and change it; `ip` and `wskey` are the broker's. */
  readonly sessionInfo: SessionInfo;
  /** The cookies of the handshake, names in lower case. */
  readonly cookieData: Readonly<Record<string, string>>;
  /** The handshake request. */
  readonly upgradeReq: IncomingMessage;
  readonly broker: Broker;
  /** Sends a message to this client: an object is encoded, a string is sent as it is. */
  send(message: unknown): void;
  /**
   * Closes the connection.
   * @param code One that may be sent, such as 1000, or one of your own from 3000 to 4999. @default 1000
   * @param reason At most 123 bytes, told to the client.
   * @throws TypeError for any other code, or a longer reason.
   */
  close(code?: number, reason?: string): void;
}

/** A command of the application's own. What it returns (or resolves to) is the command's result. */
export type CommandHandler = (command: Command, connection: Connection | null, broker: Broker) => unknown;

/** What the application may hook into. Each may be async; one that throws is logged and ends nothing. */
export interface Handlers {
  /** A client connected. A truthy return also tells the backend; nothing returned means: handled here. */
  onClientConnect?(connection: Connection, broker: Broker): unknown;
  /** A client sent a message. A truthy return also forwards it (as changed by the handler) to the backend. */
  onClientMessage?(message: ClientMessage, connection: Connection, broker: Broker): unknown;
  /** A client is gone. The backend is told in any case. */
  onClientDisconnect?(connection: Connection, broker: Broker): unknown;
  /** A command that is neither built-in nor in `backendCommands`. Its return is the command's result. */
  onBackendMessage?(command: Command, connection: Connection | null, broker: Broker): unknown;
}

/** What `Broker(options)` takes. */
export interface BrokerOptions extends Omit<z.input<typeof settingsSchema>, 'port' | 'backend'>, Handlers {
  /** The port of WebSockets and commands; 0 takes a free one. May be missing with a `server` of yours. */
  port?: number | string | undefined;
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

/** A running broker. */
export interface Broker extends AsyncDisposable {
  /** The options object that was passed in. */
  readonly config: BrokerOptions;
  readonly websocketServer: WebSocketServer;
  readonly httpServer: Server | SecureServer;
  /** Resolves once the broker listens; rejects with a `BrokerError` (`port-taken`, `listen-failed`, `journal-failed`). */
  readonly ready: Promise<void>;
  /** The port it listens on; with `port: 0` the one that was free. 0 before `ready`. */
  readonly port: number;
  /** The port of the option `commandPort`; with 0 the one that was free. Undefined without that option, 0 before `ready`. */
  readonly commandPort: number | undefined;
  /**
   * Sends a message to all connections, or to those that match.
   * An object is encoded, a string is sent as it is.
   */
  broadcast(message: unknown, criteria?: Criteria): void;
  /**
   * Sends the backend a message that no client caused; its `connection` is `{ type: 'direct' }`.
   * @param whenDone Gets the answer instead of its commands being run: the parsed JSON, or undefined when it is none.
   * @throws BrokerError `queue-full` when events of `maxTotalQueuedBytes` wait already, `closed` after `close()`.
   */
  sendBackendMessage(
    message: { type: string; [field: string]: unknown },
    whenDone?: (answer: unknown) => unknown,
  ): void;
  /** Writes to the broker's log, as the command `log` does. */
  log(line: { text: unknown }): void;
  /**
   * Stops: no new connections; sockets are told with `bye`, and closed with 1001 one after the other; waiting
   * events are delivered. With a journal what is not, and the connections of clients that can resume, stay in it.
   * @param options.drainMs How long all of that may take, in milliseconds. @default the option `drainMs`
   */
  close(options?: { drainMs?: number }): Promise<void>;
}
