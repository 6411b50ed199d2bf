import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { CommandEndpoint } from './command-endpoint.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { pathOf } from './request-path.ts';
import type { Upgrades } from './upgrade.ts';

export interface HttpEntryOptions {
  readonly server: Server | SecureServer;
  /** The application's own server: it goes on serving all that is not the broker's. */
  readonly isShared: boolean;
  /** Only POSTs to this path are commands; undefined: all. */
  readonly commandPath: string | undefined;
  readonly upgrades: Upgrades;
  readonly commands: CommandEndpoint;
}

const greeting = 'wsbroker: connect here with a WebSocket; commands are POSTed.\n';

/**
 * Puts the broker into an HTTP server. Returns how to take it out again.
 *
 * On a shared server a command must not reach the application's own `request` listeners too (both would
 * answer), whether they were added before or after the broker. An event cannot be stopped by a listener,
 * so `emit` is put in front of them.
 */
export const enterHttpServer = (options: HttpEntryOptions): (() => void) => {
  const { server, isShared, upgrades, commands } = options;

  const isCommand = (request: IncomingMessage): boolean =>
    request.method === 'POST' &&
    (options.commandPath === undefined || pathOf(request) === options.commandPath);

  const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    if (upgrades.wants(request)) return upgrades.take(request, stream, head);
    // Somebody else's upgrade, or nobody's: then it would hang until it times out.
    if (server.listenerCount('upgrade') === 1) {
      refuseUpgrade(stream, '404 Not Found', 'No WebSockets at this path.');
    }
  };
  server.on('upgrade', onUpgrade);

  if (!isShared) {
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      if (isCommand(request)) return void commands.handle(request, response);
      const status = request.method === 'GET' || request.method === 'HEAD' ? 200 : 405;
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(greeting);
    };
    server.on('request', onRequest);
    return () => {
      server.off('upgrade', onUpgrade);
      server.off('request', onRequest);
    };
  }

  const ownEmit = Object.hasOwn(server, 'emit') ? server.emit : undefined;
  const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean;
  let hasLeft = false;
  const emitOthers = (event: string, ...args: unknown[]): boolean => {
    if (event !== 'request' || hasLeft) return emit(event, ...args);
    const [request, response] = args as [IncomingMessage, ServerResponse];
    if (isCommand(request)) {
      void commands.handle(request, response);
      return true;
    }
    if (emit(event, ...args)) return true;
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(greeting);
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
