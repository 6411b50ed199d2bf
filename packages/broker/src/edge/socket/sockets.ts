import type { FanOut } from '../../hub/fan-out.ts';
import type { LoopTurn } from '../../hub/loop-turn.ts';
import type { Log } from '../../ops/logger.ts';
import type { Settings } from '../../options.ts';
import { Heartbeat } from './heartbeat.ts';
import { MessageRate } from './message-rate.ts';
import { SlicedReading } from './sliced-reading.ts';
import { ClientSocket, type ClientSocketInit, type SocketKeeper } from './socket.ts';
import { checkUnread } from './unread-total.ts';

const unreadCheckMs = 1_000;

export interface SocketsOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly turn: LoopTurn;
  readonly fanOut: FanOut;
}

/** Every socket of this broker, and what is done for all of them by the clock. */
export class Sockets {
  readonly #sockets = new Set<ClientSocket>();
  readonly #keeper: SocketKeeper;
  readonly #heartbeat: Heartbeat;
  readonly #unreadCheck: NodeJS.Timeout;
  #whenEmpty: (() => void) | undefined;

  constructor({ settings, log, turn, fanOut }: SocketsOptions) {
    const { maxUnreadBytes, maxTotalUnreadBytes, unreadTimeoutMs } = settings;
    this.#keeper = {
      turn,
      fanOut,
      reading: new SlicedReading(),
      rate: new MessageRate(settings),
      maxUnreadBytes,
      unreadTimeoutMs,
      log,
      closed: (socket) => this.#closed(socket),
    };
    this.#heartbeat = new Heartbeat(this.#sockets, settings);
    const unread = { sockets: this.#sockets, maxTotalUnreadBytes, log };
    this.#unreadCheck = setInterval(
      () => checkUnread(performance.now(), unread),
      Math.min(unreadCheckMs, unreadTimeoutMs / 2),
    );
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** @param init Its `stream` is what `ws` reads from, and has not read anything of yet. */
  add(init: ClientSocketInit): ClientSocket {
    const socket = new ClientSocket(this.#keeper, init);
    this.#sockets.add(socket);
    return socket;
  }

  /** There may be room again for what was held back. */
  resumeLow(): void {
    for (const socket of this.#sockets) socket.resumeIfLow();
  }

  /** Waits until every socket is gone; those that do not answer in time are cut. */
  async close(waitMs: number): Promise<void> {
    this.#heartbeat.stop();
    clearInterval(this.#unreadCheck);
    if (this.#sockets.size === 0) return;
    const empty = new Promise<void>((resolve) => (this.#whenEmpty = resolve));
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.terminate();
    }, waitMs);
    await empty;
    clearTimeout(timer);
  }

  #closed(socket: ClientSocket): void {
    this.#sockets.delete(socket);
    if (this.#sockets.size === 0) this.#whenEmpty?.();
  }
}
