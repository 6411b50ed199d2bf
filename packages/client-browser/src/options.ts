import type { ClientMessageOf, ContractDefinition } from '@wsbroker/protocol';
import { ClientError } from './client-error.ts';
import { reportUnhandled } from './listeners.ts';
import { greatestMs } from './machine.ts';
import type { SocketClass } from './socket-like.ts';

/** How long to wait between attempts: full jitter, anything from nothing to a ceiling that doubles. */
export interface BackoffOptions {
  /** The ceiling of the wait after the first loss. @default 500 */
  readonly minMs?: number | undefined;
  /** Where the ceiling stops doubling. @default 20000 */
  readonly maxMs?: number | undefined;
  /** A socket that lasted so long was at peace: after it the wait starts from `minMs` again. @default 5000 */
  readonly stableAfterMs?: number | undefined;
}

/** What `createClient` takes. A number that cannot work throws `bad-option`. */
export interface ClientOptions<C extends ContractDefinition = ContractDefinition> {
  /**
   * Where the broker is. Relative addresses count from the page, and http(s) becomes ws(s). A function is
   * asked at each attempt; when it throws or rejects, that attempt has failed and the next one follows.
   */
  readonly url: string | URL | (() => string | URL | Promise<string | URL>);
  /**
   * Whether to connect at once. With `false`, `connect()` does it, and until then messages are queued: for
   * modules that are also loaded on a server.
   * @default true
   */
  readonly autoConnect?: boolean | undefined;
  /**
   * What the backend must hear first on each new connection, before anything that was queued: who this is,
   * which room. Runs for the first connection and for each that could not be resumed, which on the plain wire
   * is every one; what it throws goes to `onError`, and the queue is sent all the same.
   */
  readonly firstMessages?: (() => readonly ClientMessageOf<C>[]) | undefined;
  /**
   * What to speak. `v1` asks for the subprotocol `wsbroker.v1`: acknowledgements, requests, and connections that
   * outlive a lost socket. A server that opens the socket without it is spoken to as with `plain`: JSON messages
   * and nothing else.
   *
   * A browser by itself fails a connection for which it asked for a subprotocol and the server agreed to none.
   * So for a broker that is older than this client, or for a proxy that drops the header, say `plain`.
   * @default 'v1'
   */
  readonly protocol?: 'v1' | 'plain' | undefined;
  /** Sockets of another make, such as those of `ws` for Node 20. @default the global `WebSocket` */
  readonly WebSocket?: SocketClass | undefined;
  /** How long to wait between attempts. */
  readonly backoff?: BackoffOptions | undefined;
  /** An attempt that takes longer, asking for the URL included, has failed. @default 10000 */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * On an open socket of `wsbroker.v1`, silence that lasts somewhat longer than the broker's ping interval is
   * answered with a ping; when nothing comes within this time, the socket is dropped and another one opened.
   * @default 10000
   */
  readonly heartbeatTimeoutMs?: number | undefined;
  /** Messages that may wait while there is no socket; 0 to queue none. @default 256 */
  readonly maxQueuedMessages?: number | undefined;
  /**
   * The most bytes that may wait: without a socket, inside an open one, and, with `wsbroker.v1`, for the broker's
   * acknowledgement.
   * @default 1048576
   */
  readonly maxQueuedBytes?: number | undefined;
  /**
   * The largest message that the broker takes: its option of this name. With `wsbroker.v1` the broker tells its
   * own, and this one counts until then.
   * @default 65536
   */
  readonly maxMessageBytes?: number | undefined;
  /** Messages that may wait in one `messages()` whose loop is slow. @default 1024 */
  readonly maxBufferedMessages?: number | undefined;
  /**
   * Gets what no caller waits for: what a listener threw (`unknown`), and a {@link ClientError}: `bad-message`;
   * of a message whose handle nobody watches `connection-lost`, and `refused` when nobody listens to
   * `broker-error` either.
   * @default `reportError`: console and `window.onerror`; in Node an uncaught exception
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Chance, in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
}

const defaults = {
  minMs: 500,
  maxMs: 20_000,
  stableAfterMs: 5_000,
  connectTimeoutMs: 10_000,
  heartbeatTimeoutMs: 10_000,
  maxQueuedMessages: 256,
  maxQueuedBytes: 2 ** 20,
  maxMessageBytes: 2 ** 16,
  maxBufferedMessages: 1024,
  firstMessages: (() => []) as NonNullable<ClientOptions['firstMessages']>,
  onError: reportUnhandled,
  random: Math.random,
};
type Defaults = typeof defaults;

/** What the client works with: `backoff` laid flat, and a value for everything that has a default. */
export type ResolvedOptions = Defaults & Pick<ClientOptions, 'url' | 'WebSocket' | 'protocol'>;

/** Fills in the defaults, and refuses numbers that would make a loop without a pause or a queue without a bound. */
export const resolveOptions = (options: ClientOptions): ResolvedOptions => {
  const resolved: Record<string, unknown> = { ...options, ...options.backoff };
  for (const [name, fallback] of Object.entries(defaults)) {
    const value = (resolved[name] ??= fallback) as number;
    const least = name.endsWith('Ms') ? 1 : 0;
    if (typeof fallback === 'number' && !(value >= least && value <= greatestMs)) {
      throw new ClientError('bad-option', `${name} is ${value}: expected ${least} to ${greatestMs}`);
    }
  }
  return resolved as ResolvedOptions;
};
