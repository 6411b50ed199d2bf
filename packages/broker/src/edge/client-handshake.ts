import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Handshake } from '../hub/connection.ts';
import { cookiesOf } from './cookies.ts';
import type { SharedTexts } from './shared-texts.ts';

/** Stands in no name of a header. */
const separator = '\n';

/** So many things a request has of its own, with `parser`; whoever else listens to handshakes may put more on it. */
const ownKeys = Object.keys(new IncomingMessage(new Socket())).length + 1;

/** Of a request, what is not in the types of Node. */
interface RequestInternals {
  /** Makes `headers` of `rawHeaders`, as for one that arrives. */
  _addHeaderLines?(headers: readonly string[], count: number): void;
  /** An option of the server's: `headers` are made in another way. */
  readonly joinDuplicateHeaders?: boolean | null;
}

/** What is kept of a request that nobody has asked for: all names in one text, the URL, the version, a value a name. */
type Folded = readonly [names: string, url: string, httpVersion: string, ...values: readonly string[]];

/**
 * The handshake of one socket, as handlers may ask for it at any time.
 *
 * Few ever do, and a request with its headers takes 2 KB for as long as its connection lives. Past the first turn it
 * is kept folded, in 300 bytes, and made anew when it is asked for.
 */
export class ClientHandshake implements Handshake {
  readonly address: string;
  #request: IncomingMessage | undefined;
  #folded: Folded | undefined;
  readonly #stream: Duplex;
  #cookies: Readonly<Record<string, string>> | undefined;
  #isRequestAsked = false;
  #areCookiesAsked = false;

  /** @param address The client's, as far as it can be known. */
  constructor(request: IncomingMessage, address: string) {
    this.#request = request;
    this.#stream = request.socket;
    this.address = address;
  }

  /** The handshake of a connection of a former process is gone, and handlers may look at it all the same. */
  static restored(): ClientHandshake {
    return new ClientHandshake(new IncomingMessage(new Socket()), '');
  }

  get upgradeReq(): IncomingMessage {
    this.#isRequestAsked = true;
    return this.request;
  }

  get cookieData(): Readonly<Record<string, string>> {
    this.#areCookiesAsked = true;
    return this.cookies;
  }

  /** As {@link upgradeReq}, for the broker itself, which keeps nothing of it. */
  get request(): IncomingMessage {
    this.#request ??= unfolded(this.#folded, this.#stream);
    return this.#request;
  }

  /** As {@link cookieData}, for the broker itself. */
  get cookies(): Readonly<Record<string, string>> {
    this.#cookies ??= cookiesOf(this.request.headers.cookie);
    return this.#cookies;
  }

  /** The first turn is over: what the application has not had in its hands is folded. */
  fold(texts: SharedTexts): void {
    if (!this.#areCookiesAsked) this.#cookies = undefined;
    if (this.#isRequestAsked || !this.#request || !canBeMadeAnew(this.#request)) return;
    this.#folded = foldedOf(this.#request, texts);
    this.#request = undefined;
  }
}

const canBeMadeAnew = (request: IncomingMessage & RequestInternals): boolean =>
  request._addHeaderLines !== undefined &&
  !request.joinDuplicateHeaders &&
  Object.keys(request).length <= ownKeys;

/** No two clients send the same of these, which are looked up in vain; in the spellings of browsers and of programs. */
const ownHeaders: ReadonlySet<string> = new Set([
  'Sec-WebSocket-Key',
  'sec-websocket-key',
  'Cookie',
  'cookie',
]);

/** Clients of a kind send the same names in the same order, and most values alike. */
const foldedOf = ({ url = '', httpVersion, rawHeaders }: IncomingMessage, texts: SharedTexts): Folded => {
  const names: string[] = [];
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]];
    names.push(name);
    values.push(ownHeaders.has(name) ? value : texts.of(value, values.length));
  }
  const { length } = values;
  // A list made at once takes no more room than it needs.
  return [
    texts.of(names.join(separator), length),
    texts.of(url, length + 1),
    texts.of(httpVersion, length + 2),
    ...values,
  ];
};

const unfolded = (folded: Folded | undefined, stream: Duplex): IncomingMessage => {
  const [names = '', url, httpVersion = '', ...values] = folded ?? [];
  const nameOf = names.split(separator);
  const rawHeaders = values.flatMap((value, at) => [nameOf[at] ?? '', value]);
  const request = new IncomingMessage(stream as Socket);
  const [major, minor] = httpVersion.split('.').map(Number);
  Object.assign(request, {
    method: 'GET',
    url,
    httpVersion,
    httpVersionMajor: major,
    httpVersionMinor: minor,
    rawHeaders,
    upgrade: true,
    parser: null,
  });
  (request as RequestInternals)._addHeaderLines?.(rawHeaders, rawHeaders.length);
  // Only now: what comes to a complete request are trailers.
  request.complete = true;
  return request;
};
