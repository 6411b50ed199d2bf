import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PageConfig } from '../control-status.ts';
import type { Control } from './control.ts';
import type { Site } from './site.ts';

export interface WebServerOptions {
  readonly site: Site;
  readonly control: Control;
  readonly config: PageConfig;
}

/** The page, what it must know, and the buttons' other end. */
export class WebServer {
  readonly #server: Server;

  constructor({ site, control, config }: WebServerOptions) {
    const configJson = JSON.stringify(config);
    this.#server = createServer((request, response) => {
      request.on('error', () => {});
      response.on('error', () => {});
      const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
      if (path.startsWith('/control/')) {
        control.handle(request, response, path);
      } else if (path === '/config.json') {
        response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
        response.end(configJson);
      } else {
        site.handle(request, response, path);
      }
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Rejects with the system's error when it cannot listen. */
  async listen(port: number, host: string): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
