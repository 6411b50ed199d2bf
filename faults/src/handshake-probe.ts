import { setTimeout as delay } from 'node:timers/promises';
import { openBareSocket } from './bare-socket.ts';
import { atMost, exactly, type Figure, info, timing } from './figure.ts';
import { percentile } from './percentile.ts';

export interface HandshakeProbeOptions {
  readonly port: number;
  /** Where it comes from, as a proxy would say. @default the loopback itself */
  readonly address?: string;
}

const intervalMs = 100;
const mostMs = 500;

/** An honest client that connects ten times a second, each time anew, beside a load. */
export class HandshakeProbe {
  readonly #options: HandshakeProbeOptions;
  readonly #tookMs: number[] = [];
  readonly #refused: string[] = [];

  constructor(options: HandshakeProbeOptions) {
    this.#options = options;
  }

  async run(durationMs: number): Promise<void> {
    const untilMs = performance.now() + durationMs;
    const tries: Promise<boolean>[] = [];
    while (performance.now() < untilMs) {
      tries.push(this.once());
      await delay(intervalMs);
    }
    await Promise.all(tries);
  }

  /** Whether it was taken. */
  async once(): Promise<boolean> {
    const startMs = performance.now();
    const came = await openBareSocket(this.#options);
    if (came.kind === 'taken') {
      this.#tookMs.push(performance.now() - startMs);
      came.socket.destroy();
    } else {
      this.#refused.push(came.kind === 'refused' ? String(came.status) : came.kind);
    }
    return came.kind === 'taken';
  }

  get figures(): Figure[] {
    const all = this.#tookMs.length + this.#refused.length;
    return [
      info('handshakes of an honest client', all),
      {
        ...exactly('of these refused', this.#refused.length, 0),
        ...(this.#refused.length > 0
          ? { value: `${this.#refused.length} (${[...new Set(this.#refused)].join()})` }
          : {}),
      },
      timing(atMost('p99 of those taken', percentile(this.#tookMs, 99), mostMs, ' ms')),
    ];
  }
}
