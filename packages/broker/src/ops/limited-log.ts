import type { Logger } from './logger.ts';

/** Lines of one kind come no closer than this: whoever floods the broker must not fill its log. */
const quietMs = 10_000;

export type LimitedKind =
  | 'foreign origin'
  | 'missing origin'
  | 'handshake rate'
  | 'handshake rate of an address'
  | 'connections'
  | 'connections of an address'
  | 'pending sockets'
  | 'command address'
  | 'command headers'
  | 'command proxy'
  | 'command page'
  | 'command host'
  | 'command signature'
  | 'command failed';

/** Warns of what others can bring about as often as they like: of each kind now and then, with a count of the rest. */
export class LimitedLog {
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #kinds = new Map<LimitedKind, { saidAtMs: number; unsaid: number }>();

  constructor(log: Logger, nowMs: () => number = () => performance.now()) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** The fields get `more` where lines of this kind were left out since the last one. */
  warn(kind: LimitedKind, fields: object, message: string): void {
    const nowMs = this.#nowMs();
    const before = this.#kinds.get(kind);
    if (before && nowMs < before.saidAtMs + quietMs) {
      before.unsaid += 1;
      return;
    }
    const more = before && before.unsaid > 0 ? { more: before.unsaid } : {};
    this.#kinds.set(kind, { saidAtMs: nowMs, unsaid: 0 });
    this.#log.warn({ ...fields, ...more }, message);
  }
}
