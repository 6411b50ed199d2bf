import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import { BrokerError } from '../../ops/broker-error.ts';

interface Place {
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** What the two are called in the options. */
  readonly options?: { readonly port: string; readonly host: string };
}

/**
 * TCP connections that wait to be accepted. Past it a client is not answered, and asks again only after a second:
 * with Node's 511 a flood makes everybody wait so. The system has its own limit, which is often 4096.
 */
const backlog = 4_096;

/**
 * Listens, or waits until a server that somebody else starts does.
 * @param closing Ends that wait, which could last for ever; what was begun here is not broken off.
 * @throws BrokerError `port-taken`, `listen-failed`, `closed`
 */
export const listen = (server: Server | SecureServer, place: Place, closing: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (server.listening) return resolve();
    const settle = (): void => {
      server.off('listening', onListening);
      server.off('error', onError);
      closing.removeEventListener('abort', onClosing);
    };
    const onListening = (): void => {
      settle();
      resolve();
    };
    const onError = (error: ListenFailure): void => {
      settle();
      reject(listenError(error, place));
    };
    const onClosing = (): void => {
      settle();
      reject(new BrokerError('closed', 'The broker was closed before its `server` began to listen'));
    };
    server.on('listening', onListening);
    server.on('error', onError);
    const { port, host } = place;
    if (port !== undefined) server.listen({ port, host, backlog });
    else if (closing.aborted) onClosing();
    else closing.addEventListener('abort', onClosing);
  });

/** What `listen` fails with: it says where, also when somebody else chose the place. */
interface ListenFailure extends NodeJS.ErrnoException {
  readonly address?: string;
  readonly port?: number;
}

const listenError = (error: ListenFailure, asked: Place): BrokerError => {
  const port = asked.port ?? error.port;
  const host = asked.port === undefined ? error.address : asked.host;
  const names = asked.options ?? { port: 'port', host: 'host' };
  const place = host === undefined ? `port ${port}` : `${host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new BrokerError(
        'port-taken',
        `The ${host === undefined ? '' : 'address '}${place} is taken: another program listens there; stop it, or choose another \`${names.port}\` (0 takes a free one)`,
        { cause: error },
      );
    case 'EACCES':
      return new BrokerError(
        'listen-failed',
        `No permission to listen on ${place}: ports below 1024 need privileges; choose another \`${names.port}\``,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
      return new BrokerError('listen-failed', `This machine has no address ${host}: see \`${names.host}\``, {
        cause: error,
      });
    default:
      return new BrokerError('listen-failed', `Cannot listen on ${place}: ${error.message}`, {
        cause: error,
      });
  }
};

/** No new connections; requests that are being answered may finish, idle ones are cut. */
export const closeServer = (server: Server | SecureServer): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
