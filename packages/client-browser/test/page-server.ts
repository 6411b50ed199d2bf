import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = new URL('../dist/', import.meta.url);

/** A file of this folder with all that it imports, as a script for a page. */
export const bundle = async (file: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    // Strict mode mounts twice only in React's development build.
    define: { 'process.env.NODE_ENV': '"development"' },
  });
  return outputFiles[0]?.text ?? '';
};

export interface PageServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
}

/** Serves a page with the script-tag build at `/`, the same with another script at `/app`, and an empty one at `/away`. */
export const startPageServer = async (application = ''): Promise<PageServer> => {
  const page = (body: string): string =>
    `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>test</title>${body}</html>`;
  const server = createServer((request, response) => {
    const send = (type: string, text: string | Buffer): void => {
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(text);
    };
    switch (request.url?.split('?')[0]) {
      case '/':
        return send('text/html', page('<script src="/wsbroker.global.js"></script>'));
      case '/app':
        return send('text/html', page('<div id="root"></div><script src="/app.js"></script>'));
      case '/away':
        return send('text/html', page('away'));
      case '/app.js':
        return send('text/javascript', application);
      case '/wsbroker.global.js':
        readFile(new URL('wsbroker.global.js', dist)).then(
          (text) => send('text/javascript', text),
          (error: Error) => response.writeHead(500).end(error.message),
        );
        return undefined;
      default:
        return response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
