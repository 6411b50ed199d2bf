/** `wsbroker` 1.0.15, from which this broker comes: its handler keeps connects from a backend that is not there. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Broker } from 'wsbroker';
import { serve } from '../harness/serve.ts';

/** It listens on all addresses by itself, where a peer on 127.0.0.1 is ::ffff:127.0.0.1. */
const loopbackServer = (): Server => {
  const server = createServer();
  const listen = server.listen.bind(server);
  server.listen = ((port: number, then: () => void) => listen(port, '127.0.0.1', then)) as Server['listen'];
  return server;
};

export interface SeedOptions {
  /** Without one there is none. */
  readonly backendUrl?: string;
}

serve(async ({ backendUrl }: SeedOptions) => {
  const server = loopbackServer();
  void new Broker({
    port: 0,
    server,
    log: false,
    backend: { type: backendUrl === undefined ? 'none' : 'http', url: backendUrl, allow: ['127.0.0.1'] },
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
});
