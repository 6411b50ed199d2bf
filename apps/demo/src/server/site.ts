import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { StartError } from './settings.ts';

interface SiteFile {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** Only what this server gives runs in the page; the socket goes to another port, under whatever name the page has. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "connect-src 'self' ws: wss:",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The built page. A handful of files, read once into memory: a path that is not among them is not found,
 * whatever it is made of.
 */
export class Site {
  readonly #files = new Map<string, SiteFile>();

  /** @throws StartError when there is no built page. */
  constructor(folder: string) {
    for (const name of fileNames(folder)) {
      const path = `/${name.split(sep).join('/')}`;
      this.#files.set(path, siteFile(path, readFileSync(join(folder, name))));
    }
    const index = this.#files.get('/index.html');
    if (index === undefined) {
      throw new StartError(
        'The page is not built. Build it with `pnpm build`, or start all of it with `npm start`.',
      );
    }
    this.#files.set('/', index);
  }

  handle(request: IncomingMessage, response: ServerResponse, path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
      response.end('There is nothing here.\n');
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (request.headers['if-none-match'] === file.headers['etag']) {
      response.writeHead(304, file.headers).end();
    } else {
      response.writeHead(200, { ...file.headers, 'content-length': file.body.length });
      response.end(request.method === 'HEAD' ? undefined : file.body);
    }
  }
}

const fileNames = (folder: string): string[] => {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch {
    return [];
  }
};

const siteFile = (path: string, body: Buffer): SiteFile => ({
  body,
  headers: {
    'content-type': contentTypes[extname(path)] ?? 'application/octet-stream',
    // Vite puts a hash of the content into the names below assets/.
    'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    'content-security-policy': contentSecurityPolicy,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  },
});
