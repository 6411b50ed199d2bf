import { closeCodes, type ErrorCode, type SessionInfo } from '@wsbroker/protocol';
import type { LeftConnection, StoredEvent, StoredFailure } from '../../delivery/journal/journal.ts';
import { type ConnectionOwner, type Handshake, HubConnection } from '../../hub/connection.ts';
import type { Place } from '../admission/places.ts';
import type { ClientContext } from '../client-context.ts';
import { ClientEvents, type ClientEventsOwner } from '../client-events.ts';
import { type EndReason, endReasonOf } from '../end-reason.ts';
import { Lifetime, type LifetimeOwner } from '../lifetime.ts';
import type { ClientSocket } from '../socket/socket.ts';
import { byeFrame, failedText, openedFrame, statusText } from './down-frame.ts';
import { ResumeTokens, type TokenIndex } from './resume-tokens.ts';
import { V1Reader, type V1ReaderOwner } from './v1-reader.ts';
import { V1Receipts } from './v1-receipts.ts';

/** All clients that speak `wsbroker.v1`, and what they have in common. */
export interface V1Clients {
  readonly all: Set<V1Client>;
  readonly tokens: TokenIndex<V1Client>;
  /** Whether clients have been told that the backend is down: who comes later has to be told as well. */
  isDownTold: boolean;
}

export interface V1ClientInit {
  readonly sessionInfo: SessionInfo;
  readonly handshake: Handshake;
  /** What has to be the same when it is resumed. */
  readonly fingerprint: string;
  /** Of its first socket. */
  readonly place: Place;
  /** It leaves them when the connection is over. */
  readonly clients: V1Clients;
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
export class V1Client implements ConnectionOwner, ClientEventsOwner, LifetimeOwner, V1ReaderOwner {
  readonly connection: HubConnection;
  readonly events: ClientEvents;
  readonly #context: ClientContext;
  readonly #clients: V1Clients;
  readonly #fingerprint: string;
  readonly #lifetime: Lifetime;
  readonly #tokens: ResumeTokens<V1Client>;
  #receipts: V1Receipts | undefined;
  /** What the former process may not have told the client any more. */
  #failures: readonly StoredFailure[] | undefined;
  #socket: ClientSocket | undefined;
  /** Of its newest socket. */
  #place: Place;
  /** Held while it waits for its client, and no socket has one. */
  #waiting: Place | undefined;
  #grace: NodeJS.Timeout | undefined;
  #isOpened = false;
  #whenAdmitted: (() => void) | undefined;
  /** A former process counted the frames to the client: where the stream is, this one cannot know. */
  #hasGap = false;

  /** @param left Of a connection that a former process has left; to be {@link restore restored}. */
  constructor(context: ClientContext, init: V1ClientInit, left?: Left) {
    const { sessionInfo, handshake, fingerprint, place, clients } = init;
    this.#context = context;
    this.#clients = clients;
    this.#fingerprint = fingerprint;
    this.#place = place;
    this.connection = new HubConnection({
      sessionInfo,
      handshake,
      home: context,
      replay: context.settings,
      owner: this,
    });
    this.#tokens = new ResumeTokens(clients.tokens, this, left?.connection.tokenHashes);
    if (left) {
      const waiting = left.events.flatMap(({ message }) => message ?? []);
      this.#receipts = new V1Receipts(this.connection, left.connection.received, waiting);
    }
    this.events = new ClientEvents(context, { connection: this.connection, owner: this });
    this.#lifetime = new Lifetime(context, this);
  }

  get receipts(): V1Receipts {
    this.#receipts ??= new V1Receipts(this.connection);
    return this.#receipts;
  }

  /** A new connection on this socket. */
  begin(socket: ClientSocket, handshake: Handshake): void {
    this.#attach(socket);
    const { authorize } = this.#context.settings;
    if (authorize) socket.hold();
    const token = this.#tokens.next();
    this.#whenAdmitted = () => {
      this.#opened(socket, { handshake, token, received: 0, resumed: false });
      socket.release();
    };
    const keys = { tokenHashes: this.#tokens.hashes, fingerprint: this.#fingerprint };
    this.#lifetime.begin(keys, authorize);
  }

  /** Waits for the client that a former process had; its events of then are delivered meanwhile. */
  restore({ connection, events, failures }: Left): void {
    this.#failures = failures;
    if (connection.isEnded) this.#lifetime.restoreEnded();
    else this.#lifetime.restore();
    this.events.restore(connection, events);
    if (connection.isEnded) {
      this.#tokens.clear();
      this.#clients.all.delete(this);
      return;
    }
    this.#hasGap = true;
    // A plain client has none, and cannot come back.
    if (connection.tokenHashes.length === 0) this.end('broker-restarted');
    else this.#wait('broker-restarted');
  }

  /** Goes on with this socket. False when it cannot: the client has to begin anew. */
  resume(socket: ClientSocket, resumption: Resumption): boolean {
    const { handshake, fingerprint, token: shown, received, place } = resumption;
    if (this.#lifetime.isEnded || this.#lifetime.isPending || fingerprint !== this.#fingerprint) return false;
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
    this.receipts.afterTaken(this.events.received, () => {
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
    return this.#hasGap || this.connection.sentAfter(received) !== undefined;
  }

  /** Tells whether the backend takes events, and how many of this connection wait. */
  tellStatus(backend: 'up' | 'down'): void {
    if (this.#isOpened) this.connection.writeOnce(statusText({ backend, queued: this.events.waiting }));
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
    this.#clients.all.delete(this);
  }

  admitted(): void {
    const run = this.#whenAdmitted;
    this.#whenAdmitted = undefined;
    run?.();
  }

  refused(code: number, reason: string): void {
    this.close(code, reason);
  }

  sessionChanged(): void {
    this.events.keepSession();
  }

  eventLeft(): void {
    this.#socket?.resumeIfLow();
    this.#lifetime.forgetIfDone();
  }

  isOpenedOn(socket: ClientSocket): boolean {
    return this.#socket === socket && this.#isOpened;
  }

  /** The client has read `opened`: it holds the newest token, and counts frames as this process does. */
  heard(): void {
    this.#hasGap = false;
    if (this.#tokens.confirm()) void this.#storeTokens();
  }

  lost(socket: ClientSocket, code: number | undefined): void {
    if (this.#socket !== socket) return;
    this.#detach();
    const reason = endReasonOf(code);
    if (reason === 'client-left' || this.#lifetime.isPending) return this.end(reason);
    this.#wait('connection-lost');
  }

  close(code: number, reason: string): void {
    const socket = this.#detach();
    socket?.close(this.#lifetime.closeCode(code), reason);
    this.end('closed');
  }

  #attach(socket: ClientSocket): void {
    this.#socket = socket;
    socket.reader = new V1Reader(socket, this, this.#context);
  }

  #detach(): ClientSocket | undefined {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isOpened = false;
    this.connection.detach();
    return socket;
  }

  /** Tells the client where both streams stand. What was sent meanwhile has waited in the replay buffer. */
  #opened(socket: ClientSocket, { handshake, token, received, resumed }: Opening): void {
    const { settings } = this.#context;
    const gap = this.#hasGap;
    const replayed = (gap ? this.connection.countAnew() : this.connection.sentAfter(received)) ?? [];
    const opened = openedFrame({
      connection: this.connection.wskey,
      token,
      received: this.events.received,
      resumed,
      gap,
      graceMs: settings.resumeGraceMs,
      maxMessageBytes: settings.maxMessageBytes,
      replayMessages: settings.replayMessages,
      pingIntervalMs: settings.pingIntervalMs,
    });
    socket.write(Buffer.concat([opened, ...replayed]));
    this.connection.attach(socket, handshake);
    this.#isOpened = true;
    for (const { message, code, text } of this.#failures ?? []) {
      this.connection.writeCounted(failedText(message, code as ErrorCode, text));
    }
    this.#failures = undefined;
    if (resumed) this.receipts.tellAgain();
    if (this.#clients.isDownTold) this.tellStatus('down');
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

  /** Resolves once a later process would know them. */
  async #storeTokens(): Promise<void> {
    const { wskey } = this.connection;
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
