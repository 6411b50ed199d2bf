import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { BrokerError } from '../ops/broker-error.ts';
import type { Log } from '../ops/logger.ts';
import { reasonOf } from '../ops/reason.ts';
import type { Settings } from '../options.ts';

/** Where certificate and key are. */
export type TlsPaths = NonNullable<Settings['tls']>;

/** A certificate and its key, as Node takes them. */
interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

const maxFileBytes = 1_024 * 1_024;

const minVersion = 'TLSv1.2';

/**
 * The certificate and key of the broker's own servers, from two files.
 * @throws BrokerError `tls-failed`, naming the file and what is wrong with it.
 */
export class TlsFiles {
  readonly #servers = new Set<Server>();
  #pair: TlsPair;

  constructor(paths: TlsPaths, _log: Log) {
    this.#pair = readPair(paths);
  }

  /** For `https.createServer`. */
  get contextOptions() {
    return { ...this.#pair, minVersion } as const;
  }

  /** From now on this server gets the new certificate when the files change. */
  serve(server: Server): void {
    this.#servers.add(server);
  }

  /** Looks at the files no more. */
  close(): void {
    this.#servers.clear();
  }
}

const failed = (text: string, cause?: unknown): BrokerError => new BrokerError('tls-failed', text, { cause });

const readFile = (option: string, path: string): string => {
  try {
    const { size } = statSync(path);
    if (size > maxFileBytes) throw new Error(`it has ${size} bytes`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw failed(`\`${option}\`: ${path} cannot be read: ${reasonOf(error)}`, error);
  }
};

const readPair = (paths: TlsPaths): TlsPair => {
  const pair = { cert: readFile('tls.cert', paths.cert), key: readFile('tls.key', paths.key) };
  certificateIn(pair.cert);
  createPrivateKey(pair.key);
  createSecureContext({ ...pair, minVersion });
  return pair;
};

const certificateIn = (text: string): X509Certificate => new X509Certificate(text);
