/** Connections without sockets. */
import type { IncomingMessage } from 'node:http';
import type { Broker } from '../src/api.ts';
import { FanOut } from '../src/hub/fan-out.ts';
import { HubConnection } from '../src/hub/connection.ts';
import type { ConnectionOwner } from '../src/hub/connection.ts';
import type { ReplayBounds } from '../src/hub/replay-buffer.ts';
import type { Socket } from '../src/hub/socket.ts';
import { LoopTurn, type TurnEnd } from '../src/hub/loop-turn.ts';

/** Keeps what it is given. */
class FakeSocket implements Socket, ConnectionOwner {
  readonly #fanOut: FanOut;
  readonly #frames: Buffer[] = [];
  readonly closes: { code: number; reason: string }[] = [];

  constructor(fanOut: FanOut) {
    this.#fanOut = fanOut;
  }

  /** What was sent so far, also in this turn. */
  get frames(): readonly Buffer[] {
    this.#fanOut.settle();
    return this.#frames;
  }

  write(frame: Buffer): void {
    this.#frames.push(frame);
  }

  atTurnEnd(end: TurnEnd): void {
    setImmediate(() => end.turnEnds());
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
  }

  /** Runs when a command has changed the session. */
  onSessionChanged: () => void = () => {};

  sessionChanged(): void {
    this.onSessionChanged();
  }

  /** The texts of the frames so far. */
  get texts(): string[] {
    return this.frames.map((frame) => {
      const length = frame[1] ?? 0;
      return frame.toString('utf8', length < 126 ? 2 : length === 126 ? 4 : 10);
    });
  }

  get messages(): unknown[] {
    return this.texts.map((text) => JSON.parse(text) as unknown);
  }
}

export interface FakeConnection {
  readonly socket: FakeSocket;
  readonly connection: HubConnection;
}

export interface FakeConnectionOptions {
  /** @default its own */
  readonly fanOut?: FanOut;
  /** @default the client cannot resume */
  readonly replay?: ReplayBounds;
}

/** A connection of this key with these further fields of `sessionInfo`. */
export const fakeConnection = (
  wskey: string,
  fields: Record<string, unknown> = {},
  { fanOut = new FanOut(new LoopTurn()), replay }: FakeConnectionOptions = {},
): FakeConnection => {
  const socket = new FakeSocket(fanOut);
  const connection = new HubConnection({
    sessionInfo: { ...fields, ip: '127.0.0.1', wskey },
    handshake: { cookieData: {}, upgradeReq: {} as IncomingMessage },
    home: { broker: {} as Broker, fanOut },
    replay,
    owner: socket,
  });
  connection.attach(socket);
  return { socket, connection };
};
