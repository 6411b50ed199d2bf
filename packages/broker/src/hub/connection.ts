import { closeCodes, JsonText, type SessionInfo } from '@wsbroker/protocol';
import type { IncomingMessage } from 'node:http';
import type { Broker, Connection } from '../api.ts';
import type { FanOut, Recipient } from './fan-out.ts';
import { type Frames, type Messages, messageText } from './frame.ts';
import { ReplayBuffer, type ReplayBounds } from './replay-buffer.ts';
import { applySessionChange, type SessionChange } from './session-change.ts';
import type { Socket } from './socket.ts';
import type { TurnEnd } from './loop-turn.ts';

/** A close frame has 125 bytes, two of them for the code (RFC 6455, section 5.5). */
const maxReasonBytes = 123;

/** 1004 to 1006 and 1015 stand for ways in which a socket ended, and are never sent (section 7.4). */
const mayBeSent = (code: number): boolean =>
  Number.isInteger(code) &&
  ((code >= 1_000 && code <= 1_003) || (code >= 1_007 && code <= 1_014) || (code >= 3_000 && code <= 4_999));

/** What a connection knows of the handshake of its socket. */
export interface Handshake {
  readonly cookieData: Readonly<Record<string, string>>;
  readonly upgradeReq: IncomingMessage;
}

/** Whose connection it is: told what the application and the backend do with it. */
export interface ConnectionOwner {
  /** The connection is to end, with or without a socket. */
  close(code: number, reason: string): void;
  /** A command has changed the session. */
  sessionChanged(): void;
}

/** Told of what becomes of the session of a connection that is open. */
export interface SessionWatcher {
  /** The application may change the session unseen from now on. */
  shared(connection: HubConnection): void;
  /** A command changes the session, by `apply`. */
  change(connection: HubConnection, change: SessionChange, apply: () => void): void;
}

/** What all connections have in common. */
export interface ConnectionHome {
  readonly broker: Broker;
  readonly fanOut: FanOut;
}

export interface HubConnectionInit {
  readonly handshake: Handshake;
  readonly sessionInfo: SessionInfo;
  readonly home: ConnectionHome;
  readonly owner: ConnectionOwner;
  /** Of a client that can resume; without it the connection is as good as its socket. */
  readonly replay?: ReplayBounds | undefined;
}

/** One user's link as the backend sees it. It outlives its sockets, and the last of them until its last event is delivered. */
export class HubConnection implements Connection, Recipient {
  readonly wskey: string;
  /** What `sessionInfo` is, for the broker itself. Never to be handed to the application. */
  readonly session: SessionInfo;
  /** `session` as JSON: undefined until it is asked for, empty until it is again, null once the application may change it unseen. */
  #text: JsonText | '' | null | undefined;
  readonly #home: ConnectionHome;
  readonly #replayBounds: ReplayBounds | undefined;
  /** Made when the first frame is counted: most clients are sent nothing for long. */
  #replay: ReplayBuffer | undefined;
  readonly #owner: ConnectionOwner;
  #watcher: SessionWatcher | undefined;
  #handshake: Handshake;
  #socket: Socket | undefined;

  constructor(init: HubConnectionInit) {
    this.wskey = init.sessionInfo.wskey;
    this.session = init.sessionInfo;
    this.#home = init.home;
    this.#replayBounds = init.replay;
    this.#owner = init.owner;
    this.#handshake = init.handshake;
  }

  get broker(): Broker {
    return this.#home.broker;
  }

  /** What was sent until now after the first n frames that are counted, or undefined when it is no longer kept. */
  sentAfter(n: number): readonly Buffer[] | undefined {
    this.#settle();
    if (!this.#replay) return this.#replayBounds && n === 0 ? [] : undefined;
    return this.#replay.after(n);
  }

  /** Counts anew from what is kept, which it gives: for a client whose count says nothing of what was sent here. */
  countAnew(): readonly Buffer[] {
    this.#settle();
    return this.#replay?.restart() ?? [];
  }

  /** The client has the first n frames that are counted. False when so many were never written. */
  acknowledge(n: number): boolean {
    return this.#replay?.acknowledge(n) ?? n === 0;
  }

  /**
   * For the application, which may keep the object and change it at any time. From then on nothing that
   * was derived from it can be kept, so the broker itself reads {@link session}.
   */
  get sessionInfo(): SessionInfo {
    if (this.#text !== null) {
      this.#text = null;
      this.#watcher?.shared(this);
    }
    return this.session;
  }

  /** The application has had `sessionInfo` in its hands. */
  get isSessionShared(): boolean {
    return this.#text === null;
  }

  /**
   * `session` at this moment as JSON, kept from the second time on until it changes.
   * @throws TypeError when the application has put something into it that JSON cannot hold.
   */
  get sessionText(): JsonText {
    if (this.#text === null) return this.#newText();
    if (this.#text === undefined) {
      // Of most connections it is asked for once, when they are told of: who says nothing keeps none.
      this.#text = '';
      return this.#newText();
    }
    if (this.#text === '') this.#text = this.#newText();
    return this.#text;
  }

  #newText(): JsonText {
    return new JsonText(JSON.stringify(this.session));
  }

  /** Who is told of what becomes of the session from now on. */
  watch(watcher: SessionWatcher): void {
    this.#watcher = watcher;
  }

  get cookieData(): Readonly<Record<string, string>> {
    return this.#handshake.cookieData;
  }

  get upgradeReq(): IncomingMessage {
    return this.#handshake.upgradeReq;
  }

  /** From now on frames go here. */
  attach(socket: Socket, handshake: Handshake = this.#handshake): void {
    this.#settle();
    this.#socket = socket;
    this.#handshake = handshake;
  }

  /** The socket is gone: frames wait for the next one, as far as they are kept for replay. */
  detach(): void {
    this.#settle();
    this.#socket = undefined;
  }

  send(message: unknown): void {
    const text = messageText(message);
    this.#settle();
    this.writeAll(this.#home.fanOut.messagesOf([text]));
  }

  writeAll(messages: Messages): void {
    const frames = this.#replayBounds ? messages.v1 : messages.plain;
    this.#keep(frames);
    this.#socket?.write(frames.bytes);
  }

  /** Writes a text that is kept for replay as messages are. */
  writeCounted(text: string): void {
    this.#settle();
    const frames = this.#home.fanOut.frameOf(text);
    this.#keep(frames);
    this.#socket?.write(frames.bytes);
  }

  /** Writes a text that is about this socket alone: not counted, and not replayed. */
  writeOnce(text: string): void {
    this.#settle();
    this.#socket?.write(this.#home.fanOut.frameOf(text).bytes);
  }

  /**
   * Runs this at the end of the turn, before anything is written to the socket.
   * @returns whether it will: false where there is no socket.
   */
  atTurnEnd(end: TurnEnd): boolean {
    this.#socket?.atTurnEnd(end);
    return this.#socket !== undefined;
  }

  changeSession(change: SessionChange): void {
    if (!this.isSessionShared) this.#text = undefined;
    const apply = (): void => applySessionChange(this.session, change);
    if (this.#watcher) this.#watcher.change(this, change, apply);
    else apply();
    this.#owner.sessionChanged();
  }

  /** @throws TypeError before anything is done: `ws` throws when the socket is half closed already. */
  close(code: number = closeCodes.normal, reason = ''): void {
    if (!mayBeSent(code)) {
      throw new TypeError(
        `The close code is ${code}: expected one that may be sent, such as 1000, or 3000 to 4999`,
      );
    }
    const reasonBytes = Buffer.byteLength(reason);
    if (reasonBytes > maxReasonBytes) {
      throw new TypeError(`The close reason has ${reasonBytes} bytes: expected at most ${maxReasonBytes}`);
    }
    this.#owner.close(code, reason);
  }

  #keep(frames: Frames): void {
    if (!this.#replayBounds) return;
    this.#replay ??= new ReplayBuffer(this.#replayBounds);
    this.#replay.push(frames);
  }

  /** Before anything is done that must not come before what was sent until now. */
  #settle(): void {
    this.#home.fanOut.settle();
  }
}
