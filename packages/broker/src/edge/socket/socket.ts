import { closeCodes } from '@wsbroker/protocol';
import { isUtf8 } from 'node:buffer';
import type { Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RawData } from 'ws';
import type { FanOut } from '../../hub/fan-out.ts';
import type { Gathering } from '../../hub/gathering.ts';
import type { Socket } from '../../hub/socket.ts';
import type { LoopTurn, TurnEnd } from '../../hub/loop-turn.ts';
import type { Log } from '../../ops/logger.ts';
import type { GatheringWebSocket, WebSocketOwner } from './gathering-web-socket.ts';
import type { MessageBucket, MessageRate, PausedReader } from './message-rate.ts';
import { Pongs } from './pongs.ts';
import { type SlicedReading, type SliceOwner, tinyBytes } from './sliced-reading.ts';
import { UnfinishedFrame } from './unfinished-frame.ts';

/** What is owed matters to the bound on what a client leaves unread from here on. */
const fewBytes = 16_384;

/** What all sockets have in common. */
export interface SocketKeeper {
  readonly turn: LoopTurn;
  readonly fanOut: FanOut;
  readonly reading: SlicedReading;
  readonly rate: MessageRate;
  readonly maxUnreadBytes: number;
  readonly unreadTimeoutMs: number;
  readonly log: Log;
  /** Runs once for each, when it is gone and its reader has been told. */
  closed(socket: ClientSocket): void;
}

export interface ClientSocketInit {
  readonly ws: GatheringWebSocket;
  /** The stream under it, which takes finished frames. */
  readonly stream: Duplex;
  /** What it takes up, until it is gone. */
  readonly place: SocketPlace;
}

export interface SocketPlace {
  release(): void;
}

/** What is done with what a socket says. */
export interface SocketReader {
  /** A message arrived; undefined when it is no UTF-8. */
  read(text: string | undefined, bytes: number): void;
  /**
   * The socket is gone. Runs once.
   * @param code With which the client closed it; undefined when it did not, or only answered our close.
   */
  closed(code: number | undefined): void;
  /** Reading has to stop: what was read waits, and there is no room for more. */
  readonly isFull: boolean;
  /** Reading may go on. */
  readonly isLow: boolean;
  /** Lets a client hear something while it is not read, and a ping of its would go unanswered. */
  keepAlive?(): void;
}

/**
 * One WebSocket: reads texts, writes frames.
 *
 * Frames go straight into the stream, past `ws`, so that one frame serves every connection. `ws` itself
 * writes there only whole frames (ping, close) and without compression never half of one, so the two
 * cannot mix.
 */
export class ClientSocket implements Socket, WebSocketOwner, SliceOwner, PausedReader {
  readonly #ws: GatheringWebSocket;
  readonly #stream: Duplex;
  readonly #place: SocketPlace;
  readonly #keeper: SocketKeeper;
  /** Set by each sign of life, cleared by each ping. */
  isAlive = true;
  #reader: SocketReader | undefined;
  // Most clients are only there: what it takes to read from one is made when it sends something.
  #bucket: MessageBucket | undefined;
  #unfinished: UnfinishedFrame | undefined;
  #pongs: Pongs | undefined;
  /** What was heard and has not been taken from the bucket. */
  #uncounted = 0;
  /** Written at the end of this turn. */
  #owed: Gathering | undefined;
  #isHeld = false;
  #hasClosed = false;
  /** Nothing more is taken: a message had to be dropped, and none may overtake it. */
  #isDeaf = false;
  #unreadSinceMs: number | undefined;
  #flushedBytes = 0;
  #handleBytes = 0;
  #writtenBytes = 0;
  #staleBytes = 0;

  constructor(keeper: SocketKeeper, { ws, stream, place }: ClientSocketInit) {
    this.#keeper = keeper;
    this.#ws = ws;
    this.#stream = stream;
    this.#place = place;
    ws.tell(this);
    keeper.reading.begin(stream, this);
  }

  /** Who gets what arrives from now on. */
  set reader(reader: SocketReader) {
    this.#reader = reader;
  }

  write(frames: Buffer): void {
    const { turn, maxUnreadBytes } = this.#keeper;
    if (!this.#owed && turn.takesNow()) {
      if (this.#isTaking()) this.#stream.write(frames);
      return;
    }
    this.#owed = this.#owed?.followedBy(frames) ?? turn.begin(this, frames);
    // In one turn there may be more of it than a client may leave unread. Little is looked at when it is written.
    if (this.#owed.bytes > fewBytes && this.waitingBytes > maxUnreadBytes) this.flush();
  }

  /** What the client has not read, and what it is owed. */
  get waitingBytes(): number {
    return this.#stream.writableLength + (this.#owed?.bytes ?? 0);
  }

  atTurnEnd(end: TurnEnd): void {
    this.#keeper.turn.atEnd(end);
  }

  flush(): void {
    this.#keeper.fanOut.settle();
    const owed = this.#owed;
    if (!owed) return;
    this.#owed = undefined;
    if (!this.#isTaking()) return;
    const { chunks } = owed;
    const first = chunks[0];
    if (first && chunks.length === 1) {
      this.#stream.write(first);
      return;
    }
    this.#stream.cork();
    for (const chunk of chunks) this.#stream.write(chunk);
    this.#stream.uncork();
  }

  /**
   * To be called once a second or so: a client that reads nothing of what waits for it is closed.
   * @returns The {@link staleBytes}.
   */
  checkUnread(nowMs: number): number {
    if (this.isOpen) this.#pongs?.settle();
    if (this.#bucket?.isFull(nowMs)) this.#bucket = undefined;
    const unreadBytes = this.#stream.writableLength;
    if (unreadBytes === 0 || !this.isOpen) {
      this.#unreadSinceMs = undefined;
      this.#staleBytes = 0;
      this.#writtenBytes = 0;
      return 0;
    }
    // A client that is sent more all the time has always something unread: what counts is that it reads.
    const writtenBytes = (this.#stream as TcpSocket).bytesWritten ?? 0;
    const flushedBytes = writtenBytes - unreadBytes;
    this.#staleBytes = Math.max(0, this.#writtenBytes - flushedBytes);
    this.#writtenBytes = writtenBytes;
    const handleBytes = handleBytesOf(this.#stream);
    const isReading = flushedBytes > this.#flushedBytes || handleBytes !== this.#handleBytes;
    // A ping waits behind what is unread, and so does its pong: who reads is there.
    if (this.#unreadSinceMs !== undefined && isReading) this.isAlive = true;
    if (this.#unreadSinceMs === undefined || isReading) {
      this.#unreadSinceMs = nowMs;
      this.#flushedBytes = flushedBytes;
      this.#handleBytes = handleBytes;
    } else if (nowMs - this.#unreadSinceMs >= this.#keeper.unreadTimeoutMs) {
      this.#cutSlow(unreadBytes);
    }
    return this.isOpen ? this.#staleBytes : 0;
  }

  /** Bytes that were unread when that was last checked, and at the check before. */
  get staleBytes(): number {
    return this.#staleBytes;
  }

  /** The client does not read what it is sent. It may come back. */
  closeSlow(): void {
    this.close(closeCodes.slowConsumer, 'slow-consumer');
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#hasClosed = true;
    this.#ws.close(code, reason);
    // A paused socket would never see the answer to its close frame.
    this.#ws.resume();
  }

  /** Cuts the socket without a word. */
  terminate(): void {
    this.#ws.terminate();
  }

  /** Asks for a sign of life; of a client that is not read, which could give none, it asks nothing. */
  ping(): void {
    if (!this.isOpen) return;
    if (this.isPaused) {
      this.#reader?.keepAlive?.();
      return;
    }
    this.isAlive = false;
    this.#ws.ping();
  }

  get isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  /** Not reading, and so unable to hear a pong. */
  get isPaused(): boolean {
    return this.#ws.isPaused;
  }

  /** Reads nothing until {@link release}, whatever room there is. */
  hold(): void {
    this.#isHeld = true;
    this.#ws.pause();
  }

  release(): void {
    this.#isHeld = false;
    this.resumeIfLow();
  }

  /** To be called whenever there may be room again. */
  resumeIfLow(): void {
    if (!this.#ws.isPaused || this.#isHeld || this.#bucket?.isEmpty) return;
    if (!(this.#reader?.isLow ?? true)) return;
    this.#keeper.reading.join(this.#stream);
    this.#ws.resume();
  }

  failed(error: Error): void {
    this.#keeper.log.debug({ error }, '! socket error');
  }

  pinged(payload: Buffer): void {
    this.heard();
    if (!this.isOpen) return;
    this.#pongs ??= new Pongs(this);
    this.#pongs.answer(payload);
  }

  heard(): void {
    // Again: on a stream that cannot be sliced there is nothing else to go by.
    this.isAlive = true;
    this.#uncounted += 1;
  }

  received(data: RawData, isBinary: boolean): void {
    this.heard();
    const reader = this.#reader;
    // After a close frame, and out of the buffers of a socket that is gone, nothing can be made to wait.
    if (!this.isOpen) this.#isDeaf ||= reader?.isFull ?? false;
    if (this.#isDeaf || !reader) return;
    const bytes = data as Buffer;
    // Text frames were checked by `ws`; a binary frame is taken when it holds the same.
    reader.read(isBinary && !isUtf8(bytes) ? undefined : bytes.toString('utf8'), bytes.length);
    if (reader.isFull && this.isOpen) this.#ws.pause();
  }

  ended(code: number): void {
    this.#bucket?.end();
    this.#reader?.closed(this.#hasClosed ? undefined : code);
    this.#keeper.closed(this);
    this.#place.release();
  }

  sliceRead(readBytes: number): void {
    // Whatever it is: on a slow line a pong waits behind a large message.
    this.isAlive = true;
    this.#unfinished ??= UnfinishedFrame.of(this.#ws);
    if (this.#unfinished?.join() === false) this.#unfinished = undefined;
    // A byte that ends no message is as much work as one that does.
    const heard = this.#uncounted === 0 && readBytes < tinyBytes ? 1 : this.#uncounted;
    if (heard === 0) return;
    this.#uncounted = 0;
    if (this.isOpen) this.#pongs?.settle();
    this.#bucket ??= this.#keeper.rate.bucket(this);
    this.#bucket.take(heard);
    // One that is closing is read to the end: the answer to the close frame comes last.
    if (this.#bucket.isEmpty && this.isOpen) this.#ws.pause();
  }

  /** False when nothing more can be written: it is closing, or its client does not read. */
  #isTaking(): boolean {
    if (!this.isOpen) return false;
    const unreadBytes = this.#stream.writableLength;
    // Asked before the write: one large message to a client that reads is no offence.
    if (unreadBytes <= this.#keeper.maxUnreadBytes) return true;
    this.#cutSlow(unreadBytes);
    return false;
  }

  #cutSlow(unreadBytes: number): void {
    this.#keeper.log.warn({ unreadBytes }, '! a client does not read what it is sent, and is closed:');
    this.closeSlow();
  }
}

/**
 * What the operating system has not taken yet of a write that is under way. A large frame is one write, and only the
 * handle under the stream knows how far it has come; Node's own timeouts look there as well.
 */
const handleBytesOf = (stream: Duplex): number =>
  (stream as { _handle?: { writeQueueSize?: number } | null })._handle?.writeQueueSize ?? 0;
