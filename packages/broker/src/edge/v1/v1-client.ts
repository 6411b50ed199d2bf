import { closeCodes, type ErrorCode, type SessionInfo } from '@wsbroker/protocol';
import type { LeftConnection, StoredEvent, StoredFailure } from '../../delivery/journal/journal.ts';
import { type Handshake, HubConnection } from '../../hub/connection.ts';
import { ReplayBuffer } from '../../hub/replay-buffer.ts';
import type { Place } from '../admission/places.ts';
import type { ClientContext } from '../client-context.ts';
import { ClientEvents } from '../client-events.ts';
import { type EndReason, endReasonOf } from '../end-reason.ts';
import { Lifetime } from '../lifetime.ts';
import type { ClientSocket } from '../socket/socket.ts';
import { byeFrame, failedFrame, openedFrame, statusFrame } from './down-frame.ts';
import { ResumeTokens, type TokenIndex } from './resume-tokens.ts';
import { V1Reader } from './v1-reader.ts';
import { V1Receipts } from './v1-receipts.ts';

export interface V1ClientInit {
  readonly sessionInfo: SessionInfo;
  readonly handshake: Handshake;
  /** What has to be the same when it is resumed. */
  readonly fingerprint: string;
  /** Of its first socket. */
  readonly place: Place;
  readonly tokens: TokenIndex<V1Client>;
  /** Whether clients have been told that the backend is down: who comes later has to be told as well. */
  readonly isDownTold: () => boolean;
  /** Runs once, when the connection is over. */
  readonly onEnded: () => void;
}

/** What a former process has left of a connection. */
export interface Left {
  readonly connection: LeftConnection;
  readonly events: readonly StoredEvent[];
  readonly failures: readonly StoredFailure[];
}

/**
 * A client that speaks `wsbroker.v1`. It outlives its sockets: when one is lost, the connection waits for the
 * client to come back with its token, and goes on where it stopped.
 */
export class V1Client {
  readonly #context: ClientContext;
  readonly #init: V1ClientInit;
  readonly #connection: HubConnection;
  readonly #events: ClientEvents;
  readonly #receipts: V1Receipts;
  readonly #lifetime: Lifetime;
  readonly #replay: ReplayBuffer;
  readonly #tokens: ResumeTokens<V1Client>;
  /** What the former process may not have told the client any more. */
  #failures: readonly StoredFailure[] = [];
  #socket: ClientSocket | undefined;
  /** Of its newest socket. */
  #place: Place;
  /** Held while it waits for its client, and no socket has one. */
  #waiting: Place | undefined;
  #grace: NodeJS.Timeout | undefined;
  #isOpened = false;
  #whenAdmitted: () => void = () => {};
  /** A former process counted the frames to the client: where the stream is, this one cannot know. */
  #hasGap = false;

  /** @param left Of a connection that a former process has left; to be {@link restore restored}. */
  constructor(context: ClientContext, init: V1ClientInit, left?: Left) {
    this.#context = context;
    this.#init = init;
    this.#place = init.place;
    this.#replay = new ReplayBuffer(context.settings);
    this.#connection = new HubConnection({
      sessionInfo: init.sessionInfo,
      ...init.handshake,
      broker: context.broker,
      replay: this.#replay,
      owner: {
        close: (code, reason) => this.#close(code, reason),
        sessionChanged: () => this.#events.keepSession(),
      },
    });
    this.#tokens = new ResumeTokens(init.tokens, this, left?.connection.tokenHashes);
    const waiting = left?.events.flatMap(({ message }) => message ?? []);
    this.#receipts = new V1Receipts(this.#connection, left?.connection.received, waiting);
    this.#events = new ClientEvents(context, {
      connection: this.#connection,
      receipts: this.#receipts,
      onLeft: () => {
        this.#socket?.resumeIfLow();
        this.#lifetime.forgetIfDone();
      },
    });
    this.#lifetime = new Lifetime({
      connection: this.#connection,
      events: this.#events,
      hub: context.hub,
      log: context.log,
      onAdmitted: () => this.#whenAdmitted(),
      onRefused: (code, reason) => this.#close(code, reason),
    });
  }

  /** A new connection on this socket. */
  begin(socket: ClientSocket): void {
    this.#attach(socket);
    const { authorize } = this.#context.settings;
    if (authorize) socket.hold();
    const token = this.#tokens.next();
    this.#whenAdmitted = () => {
      this.#opened(socket, { handshake: this.#init.handshake, token, received: 0, resumed: false });
      socket.release();
    };
    this.#lifetime.begin(
      { tokenHashes: this.#tokens.hashes, fingerprint: this.#init.fingerprint },
      authorize,
    );
  }

  /** Waits for the client that a former process had; its events of then are delivered meanwhile. */
  restore({ connection, events, failures }: Left): void {
    this.#failures = failures;
    if (connection.isEnded) this.#lifetime.restoreEnded();
    else this.#lifetime.restore();
    this.#events.restore(connection, events);
    if (connection.isEnded) {
      this.#tokens.clear();
      return this.#init.onEnded();
    }
    this.#hasGap = true;
    // A plain client has none, and cannot come back.
    if (connection.tokenHashes.length === 0) this.end('broker-restarted');
    else this.#wait('broker-restarted');
  }

  /** Goes on with this socket. False when it cannot: the client has to begin anew. */
  resume(socket: ClientSocket, resumption: Resumption): boolean {
    const { handshake, fingerprint, token: shown, received, place } = resumption;
    if (this.#lifetime.isEnded || this.#lifetime.isPending || fingerprint !== this.#init.fingerprint)
      return false;
    if (!this.#canGoOnFrom(received)) {
      this.end('connection-lost');
      return false;
    }
    this.#stopWaiting();
    place.hold();
    this.#place = place;
    // Two at once: the client knows that its old socket is dead, or somebody has its token.
    const before = this.#detach();
    before?.close(closeCodes.replaced, 'replaced');
    // Its place was the last one, and it might take its time.
    if (place.isOver) before?.terminate();
    this.#attach(socket);
    // Nothing is read until the client has been told from where it is to send again: that must be on disk, and so
    // must be the token that it will come back with.
    socket.hold();
    this.#receipts.afterTaken(this.#events.received, () => {
      const token = this.#tokens.next(shown);
      void this.#storeTokens().then(() => {
        if (this.#socket !== socket) return;
        if (this.#canGoOnFrom(received)) {
          this.#opened(socket, { handshake, token, received, resumed: true });
          socket.release();
        } else {
          // So much was sent meanwhile. The client comes back, and gets a new connection.
          this.#detach()?.close(closeCodes.slowConsumer, 'slow-consumer');
          this.end('connection-lost');
        }
      });
    });
    return true;
  }

  /** Whether all counted frames after these are still here. */
  #canGoOnFrom(received: number): boolean {
    return this.#hasGap || this.#replay.after(received) !== undefined;
  }

  /** Tells whether the backend takes events, and how many of this connection wait. */
  tellStatus(backend: 'up' | 'down'): void {
    if (this.#isOpened) this.#connection.writeOnce(statusFrame({ backend, queued: this.#events.waiting }));
  }

  /** The broker stops: the socket is closed, and the connection with it unless a later process can go on. */
  leave({ code, reason, retryAfterMs, isKept }: Leave): void {
    this.#stopWaiting();
    const socket = this.#detach();
    socket?.write(byeFrame(code, retryAfterMs));
    socket?.close(code, reason);
    if (!isKept) this.end('broker-closed');
  }

  end(reason: EndReason): void {
    this.#stopWaiting();
    this.#tokens.clear();
    this.#lifetime.end(reason);
    this.#init.onEnded();
  }

  #attach(socket: ClientSocket): void {
    this.#socket = socket;
    socket.reader = new V1Reader(socket, {
      events: this.#events,
      connection: this.#connection,
      log: this.#context.log,
      maxMessageDepth: this.#context.settings.maxMessageDepth,
      isOpened: () => this.#socket === socket && this.#isOpened,
      heard: () => this.#confirm(),
      lost: (code) => {
        if (this.#socket === socket) this.#lost(code);
      },
    });
  }

  #detach(): ClientSocket | undefined {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isOpened = false;
    this.#connection.detach();
    return socket;
  }

  /** Tells the client where both streams stand. What was sent meanwhile has waited in the replay buffer. */
  #opened(socket: ClientSocket, { handshake, token, received, resumed }: Opening): void {
    const { settings } = this.#context;
    const gap = this.#hasGap;
    const replayed = gap ? this.#replay.restart() : (this.#replay.after(received) ?? []);
    const opened = openedFrame({
      connection: this.#connection.wskey,
      token,
      received: this.#events.received,
      resumed,
      gap,
      graceMs: settings.resumeGraceMs,
      maxMessageBytes: settings.maxMessageBytes,
      replayMessages: settings.replayMessages,
      pingIntervalMs: settings.pingIntervalMs,
    });
    socket.write(Buffer.concat([opened, ...replayed]));
    this.#connection.attach(socket, handshake);
    this.#isOpened = true;
    for (const { message, code, text } of this.#failures) {
      this.#connection.writeCounted(failedFrame(message, code as ErrorCode, text));
    }
    this.#failures = [];
    if (resumed) this.#receipts.tellAgain();
    if (this.#init.isDownTold()) this.tellStatus('down');
  }

  #lost(code: number | undefined): void {
    this.#detach();
    const reason = endReasonOf(code);
    if (reason === 'client-left' || this.#lifetime.isPending) return this.end(reason);
    this.#wait('connection-lost');
  }

  #wait(reason: EndReason): void {
    clearTimeout(this.#grace);
    this.#waiting ??= this.#place.another();
    this.#grace = setTimeout(() => this.end(reason), this.#context.settings.resumeGraceMs);
  }

  #stopWaiting(): void {
    clearTimeout(this.#grace);
    this.#waiting?.release();
    this.#waiting = undefined;
  }

  #close(code: number, reason: string): void {
    const socket = this.#detach();
    socket?.close(this.#lifetime.closeCode(code), reason);
    this.end('closed');
  }

  /** The client has read `opened`: it holds the newest token, and counts frames as this process does. */
  #confirm(): void {
    this.#hasGap = false;
    if (this.#tokens.confirm()) void this.#storeTokens();
  }

  /** Resolves once a later process would know them. */
  async #storeTokens(): Promise<void> {
    const { wskey } = this.#connection;
    await this.#context.journal?.write({ kind: 'tokens', wskey, tokenHashes: this.#tokens.hashes });
  }
}

/** How the broker takes leave of a client. */
export interface Leave {
  readonly code: number;
  readonly reason: string;
  /** When the client is to come back. */
  readonly retryAfterMs: number;
  /** The connection is left to a later process, and not ended. */
  readonly isKept: boolean;
}

/** A client that wants to go on. */
export interface Resumption {
  readonly handshake: Handshake;
  readonly fingerprint: string;
  readonly token: string;
  /** How many counted frames it has. */
  readonly received: number;
  /** Of its socket. */
  readonly place: Place;
}

interface Opening {
  readonly handshake: Handshake;
  readonly token: string;
  /** How many counted frames the client has. */
  readonly received: number;
  readonly resumed: boolean;
}
