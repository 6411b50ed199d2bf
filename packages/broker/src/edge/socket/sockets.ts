import type { Duplex } from 'node:stream';
import { Turn } from '../../hub/turn.ts';
import type { Log } from '../../ops/logger.ts';
import type { Settings } from '../../options.ts';
import type { GatheringWebSocket } from './gathering-web-socket.ts';
import { Heartbeat } from './heartbeat.ts';
import { MessageRate } from './message-rate.ts';
import { ClientSocket } from './socket.ts';
import { checkUnread } from './unread-total.ts';

const unreadCheckMs = 1_000;

/** Every socket of this broker, and what is done for all of them by the clock. */
export class Sockets {
  readonly #sockets = new Set<ClientSocket>();
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #rate: MessageRate;
  readonly #turn = new Turn();
  readonly #heartbeat: Heartbeat;
  readonly #unreadCheck: NodeJS.Timeout;
  #whenEmpty: (() => void) | undefined;

  constructor(settings: Settings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#rate = new MessageRate(settings);
    this.#heartbeat = new Heartbeat(this.#sockets, settings);
    const { maxTotalUnreadBytes, unreadTimeoutMs } = settings;
    const unread = { sockets: this.#sockets, maxTotalUnreadBytes, log };
    this.#unreadCheck = setInterval(
      () => checkUnread(performance.now(), unread),
      Math.min(unreadCheckMs, unreadTimeoutMs / 2),
    );
  }

  get size(): number {
    return this.#sockets.size;
  }

  /**
   * @param stream What `ws` reads from, and has not read anything of yet.
   * @param onClosed Runs once, when the socket is gone and its reader has been told.
   */
  add(ws: GatheringWebSocket, stream: Duplex, onClosed?: () => void): ClientSocket {
    const { maxUnreadBytes, unreadTimeoutMs } = this.#settings;
    const socket = new ClientSocket({
      ws,
      stream,
      turn: this.#turn,
      maxUnreadBytes,
      unreadTimeoutMs,
      rate: this.#rate,
      log: this.#log,
      onClosed: () => {
        this.#sockets.delete(socket);
        onClosed?.();
        if (this.#sockets.size === 0) this.#whenEmpty?.();
      },
    });
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
}
