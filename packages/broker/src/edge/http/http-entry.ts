import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { CommandEndpoint } from '../command-post/command-endpoint.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { pathOf } from './request-path.ts';
import type { Upgrades } from '../upgrade.ts';

export interface HttpEntryOptions {
  readonly server: Server | SecureServer;
  /** The application's own server: it goes on serving all that is not the broker's. */
  readonly isShared: boolean;
  /** Only POSTs to this path are commands; undefined: all. */
  readonly commandPath: string | undefined;
  readonly upgrades: Upgrades;
  /** Undefined when commands have a door of their own. */
  readonly commands: CommandEndpoint | undefined;
}

/** On each broker's `upgrade` listener: whether it wants a request. Other copies of this package know it too. */
const wants: unique symbol = Symbol.for('wsbroker.wants') as never;

interface UpgradeListener {
  (request: IncomingMessage, stream: Duplex, head: Buffer): void;
  readonly [wants]?: (request: IncomingMessage) => boolean;
}

/**
 * Whether nobody takes an upgrade: every listener is a broker's, and none wants it. The last one says so, since
 * a stream can be answered once.
 */
const isUnclaimed = (
  server: Server | SecureServer,
  own: UpgradeListener,
  request: IncomingMessage,
): boolean => {
  const listeners = server.listeners('upgrade') as UpgradeListener[];
  return listeners.at(-1) === own && listeners.every((listener) => listener[wants]?.(request) === false);
};

/**
 * Puts the broker into an HTTP server. Returns how to take it out again.
 *
 * On a shared server a command must not reach the application's own `request` listeners too (both would
 * answer), whether they were added before or after the broker. An event cannot be stopped by a listener,
 * so `emit` is put in front of them.
 */
export const enterHttpServer = (options: HttpEntryOptions): (() => void) => {
  const { server, isShared, upgrades, commands } = options;

  const greeting = `wsbroker: connect here with a WebSocket${commands ? '; commands are POSTed' : ''}.\n`;

  const isForCommands = (request: IncomingMessage): boolean =>
    commands !== undefined && (options.commandPath === undefined || pathOf(request) === options.commandPath);
  const isCommand = (request: IncomingMessage): boolean =>
    request.method === 'POST' && isForCommands(request);

  const take = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    if (upgrades.wants(request)) return upgrades.take(request, stream, head);
    // Somebody else's upgrade, or nobody's: then it would hang until it times out.
    if (isUnclaimed(server, onUpgrade, request)) {
      refuseUpgrade(stream, '404 Not Found', 'No WebSockets at this path.');
    }
  };
  const onUpgrade: UpgradeListener = Object.assign(take, {
    [wants]: (request: IncomingMessage) => upgrades.wants(request),
  });
  server.on('upgrade', onUpgrade);

  const sayWhatThisIs = (request: IncomingMessage, response: ServerResponse): void => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const allow = isForCommands(request) ? 'GET, HEAD, POST' : 'GET, HEAD';
    response
      .writeHead(isRead ? 200 : 405, {
        'content-type': 'text/plain; charset=utf-8',
        ...(isRead ? {} : { allow, connection: 'close' }),
      })
      .end(greeting);
  };

  if (!isShared) {
    const takeRequest = (isHeldBack: boolean) => (request: IncomingMessage, response: ServerResponse) => {
      if (isCommand(request)) void commands?.handle(request, response, isHeldBack);
      else sayWhatThisIs(request, response);
    };
    const [onRequest, onCheckContinue] = [takeRequest(false), takeRequest(true)];
    server.on('request', onRequest);
    server.on('checkContinue', onCheckContinue);
    return () => {
      server.off('upgrade', onUpgrade);
      server.off('request', onRequest);
      server.off('checkContinue', onCheckContinue);
    };
  }

  const ownEmit = Object.hasOwn(server, 'emit') ? server.emit : undefined;
  const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean;
  let hasLeft = false;
  const emitOthers = (event: string, ...args: unknown[]): boolean => {
    if (event !== 'request' || hasLeft) return emit(event, ...args);
    const [request, response] = args as [IncomingMessage, ServerResponse];
    if (isCommand(request)) {
      void commands?.handle(request, response);
      return true;
    }
    if (!emit(event, ...args)) sayWhatThisIs(request, response);
    return true;
  };
  server.emit = emitOthers as typeof server.emit;
  return () => {
    server.off('upgrade', onUpgrade);
    hasLeft = true;
    // Somebody else may have put an `emit` of theirs on top since; then ours stays, and passes all on.
    if (server.emit !== (emitOthers as typeof server.emit)) return;
    if (ownEmit) server.emit = ownEmit;
    else delete (server as { emit?: unknown }).emit;
  };
};
