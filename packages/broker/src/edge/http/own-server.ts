import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '../../ops/logger.ts';
import type { Settings } from '../../options.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import type { TlsFiles } from './tls-files.ts';

export interface OwnServerOptions {
  readonly settings: Pick<Settings, 'handshakeTimeoutMs' | 'requestTimeoutMs'>;
  /** With it the server speaks https:// alone, and takes a new certificate while it runs. */
  readonly tls: TlsFiles | undefined;
  readonly log: Log;
}

/** The head of a request, names and values in all. */
const maxHeaderBytes = 16 * 1_024;

/** A backend that POSTs commands one after the other may use its connection again for so long. */
const keepAliveMs = 5_000;

const maxCheckIntervalMs = 1_000;

/**
 * An HTTP server of the broker's own, with a bound on whatever an unknown peer may do to it. A `server` of
 * the application's has those that the application gave it.
 */
export const createOwnServer = ({ settings, tls, log }: OwnServerOptions): Server | SecureServer => {
  const { handshakeTimeoutMs, requestTimeoutMs } = settings;
  // Node wants the head to be allowed no longer than the whole. Both begin with the connection, so that one
  // that sends nothing at all is cut as well.
  const headersTimeout = Math.min(handshakeTimeoutMs, requestTimeoutMs);
  const options: ServerOptions = {
    headersTimeout,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(maxCheckIntervalMs, Math.ceil(headersTimeout / 4)),
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: maxHeaderBytes,
    // Whatever Node was started with: two readings of one request let one be smuggled past a proxy.
    insecureHTTPParser: false,
  };
  const server = tls
    ? createSecureServer({ ...options, ...tls.contextOptions, handshakeTimeout: handshakeTimeoutMs })
    : createServer(options);
  // Past a count Node drops headers without a word, such as the one by which a proxy says that it is one.
  // Their size is bounded already.
  server.maxHeadersCount = 0;
  server.on('clientError', (error: ClientError, stream: Duplex) => {
    // Not the error itself: it carries the bytes that came, cookies included.
    log.debug({ reason: error.code ?? error.message }, '! HTTP error');
    // Node gives every stream by its base class; here all are sockets.
    answerClientError(error, stream as Socket);
  });
  if (tls) tls.serve(server as SecureServer);
  return server;
};

interface ClientError extends Error {
  readonly code?: string;
}

/** Nothing can be said within a TLS handshake, nor within an answer that has begun: those are only cut. */
const answerClientError = ({ code }: ClientError, socket: Socket): void => {
  socket.on('error', () => {});
  const isHandshake = code?.startsWith('ERR_SSL_') || code?.startsWith('ERR_TLS_');
  if (!socket.writable || isHandshake || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const [status, text] = answers.get(code) ?? ['400 Bad Request', 'This is no HTTP request.'];
  refuseUpgrade(socket, status, text);
};

const answers: ReadonlyMap<string | undefined, readonly [status: string, text: string]> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', ['408 Request Timeout', 'The request took too long to arrive.']],
  ['HPE_HEADER_OVERFLOW', ['431 Request Header Fields Too Large', 'The headers are too large.']],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', ['413 Payload Too Large', 'The chunk extensions are too large.']],
]);
