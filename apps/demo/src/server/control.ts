import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ControlStatus } from '../control-status.ts';
import type { KeptProcess } from './kept-process.ts';

type Killable = Pick<KeptProcess, 'restart' | 'stopFor'>;

export interface ControlOptions {
  readonly backend: Killable;
  readonly broker: Killable;
  readonly status: () => ControlStatus;
}

const stopBackendMs = 10_000;
/** Long enough to be seen. */
const stopBrokerMs = 3_000;

const maxStreams = 200;
/** Proxies cut a stream that says nothing. */
const heartbeatMs = 15_000;

/** The buttons of the page, and what they change, as it happens. */
export class Control implements Disposable {
  readonly #options: ControlOptions;
  readonly #streams = new Set<ServerResponse>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#heartbeat = setInterval(() => this.#write(':\n\n'), heartbeatMs);
  }

  /** Tells every page how things stand now. */
  tell(): void {
    if (this.#streams.size > 0) this.#write(this.#statusEvent());
  }

  /** @param path begins with `/control/` */
  handle(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (isFromElsewhere(request)) {
      refuse(response, 403, 'Only the page of this server may ask for this.');
      return;
    }
    switch (path) {
      case '/control/status':
        return this.#on('GET', request, response, () => this.#openStream(response));
      case '/control/restart-backend':
        return this.#order(request, response, () => this.#options.backend.restart());
      case '/control/stop-backend':
        return this.#order(request, response, () => this.#options.backend.stopFor(stopBackendMs));
      case '/control/restart-broker':
        return this.#order(request, response, () => this.#options.broker.restart());
      case '/control/stop-broker':
        return this.#order(request, response, () => this.#options.broker.stopFor(stopBrokerMs));
      default:
        refuse(response, 404, 'There is status, and restart- and stop-, each with backend or broker.');
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat);
    for (const stream of this.#streams) stream.end();
  }

  #order(request: IncomingMessage, response: ServerResponse, act: () => void): void {
    this.#on('POST', request, response, () => {
      act();
      response.writeHead(202, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(JSON.stringify(this.#options.status()));
    });
  }

  #on(
    method: 'GET' | 'POST',
    { method: asked }: IncomingMessage,
    response: ServerResponse,
    act: () => void,
  ): void {
    if (asked === method) {
      act();
      return;
    }
    response.setHeader('allow', method);
    refuse(response, 405, `Ask with ${method}.`);
  }

  #openStream(response: ServerResponse): void {
    if (this.#streams.size >= maxStreams) {
      refuse(response, 503, 'Too many pages are watching.');
      return;
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: 1000\n${this.#statusEvent()}`);
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  #statusEvent(): string {
    return `data: ${JSON.stringify(this.#options.status())}\n\n`;
  }

  #write(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }
}

/**
 * Whether the request comes from a page of another site. Any page may POST here without asking, so it is the
 * browser's word that counts; what is no browser (curl) says nothing of the kind.
 */
const isFromElsewhere = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean => {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  // Browsers do not say where a request comes from when the page itself was loaded over plain HTTP from
  // another machine; the origin they do say.
  return headers.origin !== undefined && URL.parse(headers.origin)?.host !== headers.host;
};

const refuse = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
};
