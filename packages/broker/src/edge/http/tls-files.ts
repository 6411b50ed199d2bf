import { type FSWatcher, realpathSync, watch } from 'node:fs';
import type { Server } from 'node:https';
import { dirname } from 'node:path';
import type { Log } from '../../ops/logger.ts';
import { reasonOf } from '../../ops/reason.ts';
import { endingOf, minVersion, pairOf, readTexts, type TlsPair, type TlsPaths } from './tls-pair.ts';

export interface TlsTiming {
  /** A change that nobody told of (network file systems, a folder that is itself a link) is found so late. */
  readonly pollMs: number;
  /** After a change the other file usually changes too. */
  readonly settleMs: number;
  /** A pair that does not fit may be a copy that is half done: it is looked at again before it is told. */
  readonly patienceMs: number;
}

const usualTiming: TlsTiming = { pollMs: 30_000, settleMs: 250, patienceMs: 2_000 };

const remindMs = 86_400_000;

/**
 * The certificate and key of the broker's own servers, from two files that are read again when they change.
 * Connections that are there stay; a pair that is no good is told, and the one before goes on.
 *
 * Folders are watched, not files: editors put a new file in the place of the old one, certbot a new link.
 */
export class TlsFiles {
  readonly #paths: TlsPaths;
  readonly #log: Log;
  readonly #timing: TlsTiming;
  readonly #servers = new Set<Server>();
  #poll: NodeJS.Timeout | undefined;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pair: TlsPair;
  /** Why what is in the files now is not used, and whether the log says so. */
  #refused: { readonly why: string; readonly sinceMs: number; readonly isTold: boolean } | undefined;
  #remindedAtMs = -Infinity;
  #isClosed = false;

  /** @throws BrokerError `tls-failed`, naming the file and what is wrong with it */
  constructor(paths: TlsPaths, log: Log, timing: TlsTiming = usualTiming) {
    this.#timing = timing;
    this.#paths = paths;
    this.#log = log;
    this.#pair = pairOf(paths, readTexts(paths));
    this.#remind();
  }

  /** For `https.createServer`. */
  get contextOptions() {
    const { cert, key } = this.#pair;
    return { cert, key, minVersion } as const;
  }

  /** From now on this server gets the new certificate when the files change. */
  serve(server: Server): void {
    this.#servers.add(server);
    if (this.#poll) return;
    this.#watch();
    this.#poll = setInterval(() => {
      this.#check();
      this.#remind();
    }, this.#timing.pollMs).unref();
  }

  /** Looks at the files no more. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    this.#unwatch();
    this.#servers.clear();
  }

  #watch(): void {
    const paths = Object.values(this.#paths);
    const folders = new Set([...paths, ...paths.map(realPath)].map((path) => dirname(path)));
    for (const folder of folders) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#checkIn(this.#timing.settleMs));
        // Without it the poll is left.
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch (error) {
        this.#log.debug({ reason: reasonOf(error) }, '! the folder of the certificate cannot be watched:');
      }
    }
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  /** The first of many changes begins the wait: a folder may never come to rest. */
  #checkIn(waitMs: number): void {
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#check();
    }, waitMs).unref();
  }

  #check(): void {
    try {
      const texts = readTexts(this.#paths);
      if (texts.cert !== this.#pair.cert || texts.key !== this.#pair.key) {
        this.#take(pairOf(this.#paths, texts));
      }
      this.#refused = undefined;
    } catch (error) {
      this.#refuse(error);
    }
  }

  #take(pair: TlsPair): void {
    this.#pair = pair;
    for (const server of this.#servers) server.setSecureContext(this.contextOptions);
    const { subject, validToDate } = pair.certificate;
    this.#log.info(
      { subject: subject.replaceAll('\n', ', '), until: validToDate.toISOString() },
      '➥ a new certificate is used:',
    );
    this.#remindedAtMs = -Infinity;
    this.#remind();
    // Links may lead elsewhere now.
    this.#unwatch();
    this.#watch();
  }

  #refuse(error: unknown): void {
    const why = reasonOf(error);
    const nowMs = performance.now();
    if (this.#refused?.why !== why) this.#refused = { why, sinceMs: nowMs, isTold: false };
    const { sinceMs, isTold } = this.#refused;
    if (isTold) return;
    const { patienceMs } = this.#timing;
    if (nowMs < sinceMs + patienceMs) return this.#checkIn(patienceMs);
    this.#refused = { why, sinceMs, isTold: true };
    this.#log.error({ error }, '! the new certificate is not used, the one before goes on:');
  }

  #remind(): void {
    const nowMs = Date.now();
    const ending = endingOf(this.#pair.certificate, nowMs);
    if (ending === undefined || nowMs < this.#remindedAtMs + remindMs) return;
    this.#remindedAtMs = nowMs;
    this.#log.warn({}, `! the certificate ${this.#paths.cert} ${ending}`);
  }
}

const realPath = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};
