import { abnormalClosure } from './close-code.ts';
import { ClientError } from './client-error.ts';
import { Heartbeat } from './heartbeat.ts';
import { type Effect, initialState, type MachineEvent, type MachineState, transition } from './machine.ts';
import type { ResolvedOptions } from './options.ts';
import { isOnline, watchPage } from './page.ts';
import { type SocketLike, socketOpen } from './socket-like.ts';
import { socketUrl } from './socket-url.ts';
import { subprotocol } from './subprotocol.ts';

/** What a connection tells its owner. */
export interface ConnectionOwner {
  /** A socket has opened, in this subprotocol. The owner says `opened()` once messages may flow. */
  socketOpened(protocol: string): void;
  /** Messages may flow: those that wait go out. */
  flush(): void;
  /** Nothing that waits will be sent. */
  discard(): void;
  received(data: unknown): void;
  /** After each change, when all that belongs to it is done. */
  changed(): void;
}

/**
 * One link to the broker over any number of sockets, one at a time: does what the state machine decides.
 *
 * Owns the socket, its timers and the page's event listeners, and holds none of them once closed.
 */
export class Connection {
  readonly #options: ResolvedOptions;
  readonly #owner: ConnectionOwner;
  #state = initialState;
  #socket: SocketLike | undefined;
  /** Rises with each attempt and each loss, so that the late words of an older socket are known as such. */
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopWatching: (() => void) | undefined;
  #heartbeat: Heartbeat | undefined;
  /** So much silence is suspicious; 0 where the broker answers no `ping`. */
  #silenceMs = 0;

  constructor(options: ResolvedOptions, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  get state(): MachineState {
    return this.#state;
  }

  /** The socket, when what is written to it goes out; one that is closing would swallow it. */
  get socket(): SocketLike | undefined {
    return this.#socket?.readyState === socketOpen ? this.#socket : undefined;
  }

  /** The same, when messages may flow. */
  get openSocket(): SocketLike | undefined {
    return this.#state.name === 'open' ? this.socket : undefined;
  }

  /** Messages may flow. The broker pings so often, where the subprotocol has pings. */
  opened(pingIntervalMs: number): void {
    // Somewhat more than the broker's own interval: whoever talks at that pace is never asked.
    this.#silenceMs = pingIntervalMs * 1.2;
    this.#dispatch({ type: 'opened' });
  }

  /** The broker is about to close, and says when to come back. */
  bye(retryAfterMs: number): void {
    this.#dispatch({ type: 'bye', retryAfterMs });
  }

  /** @throws {ClientError} when no attempt could succeed: `no-websocket`, `bad-url`. */
  connect(): void {
    const { url, WebSocket = globalThis.WebSocket } = this.#options;
    if (!WebSocket) {
      throw new ClientError('no-websocket', 'There is no WebSocket here: pass one as an option');
    }
    if (typeof url !== 'function') socketUrl(url);
    this.#dispatch({ type: 'connect' });
  }

  close(code: number, reason: string): void {
    // Not left to the effect: a code or reason that the standard forbids throws here, before anything changed.
    this.#socket?.close(code, reason);
    this.#dispatch({ type: 'close', code, reason });
  }

  /**
   * The state is replaced before its effects are run: the application, called by one of them, may set off the
   * next event in the middle of this one.
   */
  #dispatch(event: MachineEvent): void {
    const nowMs = Date.now();
    const random = this.#options.random();
    const circumstances = { ...this.#options, nowMs, random, online: isOnline() };
    const { state, effects } = transition(this.#state, event, circumstances);
    if (state !== this.#state) {
      this.#state = state;
      clearTimeout(this.#timer);
      if (state.wakeAtMs) {
        this.#timer = setTimeout(() => this.#dispatch({ type: 'timer' }), state.wakeAtMs - nowMs);
      }
    }
    for (const effect of effects) this.#run(effect);
    this.#watch();
    this.#owner.changed();
  }

  #run(effect: Effect): void {
    if (effect === 'open-socket') void this.#openSocket(++this.#attempt);
    else if (effect === 'drop-socket') this.#dropSocket();
    else this.#owner[effect]();
  }

  async #openSocket(attempt: number): Promise<void> {
    const { heartbeatTimeoutMs, protocol, url, WebSocket = globalThis.WebSocket } = this.#options;
    const isCurrent = () => attempt === this.#attempt;
    const end = (code: number, reason: string) => {
      if (!isCurrent()) return;
      this.#dropSocket();
      this.#dispatch({ type: 'ended', code, reason });
    };
    try {
      // Also for a fixed address a turn later: what opens and closes in one turn, as React does in strict
      // mode, then makes no socket at all.
      const address = socketUrl(await (typeof url === 'function' ? url() : url));
      if (!isCurrent()) return;
      const protocols = protocol === 'plain' ? [] : [subprotocol];
      const socket = (this.#socket = new WebSocket(address, protocols));
      const heartbeat = (this.#heartbeat = new Heartbeat(socket, heartbeatTimeoutMs, end));
      socket.onopen = () => {
        if (isCurrent()) this.#owner.socketOpened(socket.protocol);
      };
      socket.onmessage = ({ data }: { data: unknown }) => {
        if (isCurrent()) this.#owner.received(data);
        if (isCurrent()) heartbeat.heard(this.#silenceMs);
      };
      socket.onclose = ({ code, reason }: { code: number; reason: string }) => end(code, reason);
      // The close that follows says as much. `ws` throws an error that nobody listens to.
      socket.onerror = () => {};
    } catch (error) {
      end(abnormalClosure, String(error));
    }
  }

  /** Without a code: the broker keeps the connection for a while. */
  #dropSocket(): void {
    this.#heartbeat?.stop();
    this.#silenceMs = 0;
    this.#attempt++;
    this.#socket?.close();
    this.#socket = undefined;
  }

  #watch(): void {
    const { name } = this.#state;
    if (name === 'idle' || name === 'closed') {
      this.#stopWatching?.();
      this.#stopWatching = undefined;
    } else {
      this.#stopWatching ??= watchPage((event) => this.#dispatch(event));
    }
  }
}
