import type { FakeSocket } from './fake-socket.ts';

interface Connection {
  readonly id: number;
  token: string;
  /** Messages of the client that were taken charge of. */
  received: number;
  /** Counted frames to the client, and the number of the first that is kept. */
  readonly log: string[];
  offset: number;
  readonly failed: Set<number>;
}

/** What may go wrong in {@link ModelBroker.open}. */
export type Opening = 'resume' | 'forget' | 'crash';

/** Every how many messages one is refused. */
const refusedEvery = 7;

/**
 * The broker's side of `wsbroker.v1` over a fake socket, with the network between: frames are on their way until
 * they are let through, and a cut loses those that are.
 */
export class ModelBroker {
  /** All messages that it was handed, over all connections. */
  readonly taken: unknown[] = [];
  #connection: Connection | undefined;
  #socket: FakeSocket | undefined;
  #read = 0;
  #onTheWay: string[] = [];
  #connections = 0;
  /** Messages to the client, over all connections. */
  sent = 0;

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  get isQuiet(): boolean {
    return this.#onTheWay.length === 0 && this.#read === (this.#socket?.sent.length ?? 0);
  }

  /** The socket opens, and the client is welcomed: its connection goes on, or is gone, or a crash has left a gap. */
  open(socket: FakeSocket, opening: Opening): void {
    this.#socket = socket;
    this.#read = 1;
    this.#onTheWay = [];
    socket.protocol = 'wsbroker.v1';
    socket.open();
    const [kind, facts] = JSON.parse(socket.sent[0] ?? '') as [string, { token?: string; received?: number }];
    if (kind !== 'open') throw new Error(`The first frame is ${kind}`);
    const known = facts.token !== undefined && facts.token === this.#connection?.token;
    const received = facts.received ?? 0;
    const isResumed = known && opening !== 'forget';
    const connection: Connection =
      isResumed && this.#connection
        ? this.#connection
        : {
            id: ++this.#connections,
            token: '',
            received: 0,
            log: [],
            offset: 0,
            failed: new Set(),
          };
    this.#connection = connection;
    const gap = isResumed && opening === 'crash';
    if (gap) {
      connection.log.length = 0;
      connection.offset = 0;
    }
    if (isResumed && !gap && received < connection.offset) throw new Error('It counts backwards');
    connection.token = `token-${Math.random()}`;
    this.#send([
      'opened',
      {
        connection: `key-${connection.id}`,
        token: connection.token,
        received: connection.received,
        resumed: isResumed,
        gap,
        maxMessageBytes: 1_000,
        replayMessages: 8,
        pingIntervalMs: 25_000,
      },
    ]);
    this.arrive(1);
    // Its journal knows what failed; otherwise a later `delivered` would say that it had not.
    if (gap) for (const n of connection.failed) this.#count(['failed', n, 'refused', 'no']);
    if (isResumed && !gap) this.#onTheWay.push(...connection.log.slice(received - connection.offset));
  }

  /** Reads so many of the frames that are on their way to it. */
  read(count: number): void {
    const connection = this.#connection;
    if (!connection || !this.#socket) return;
    for (const text of this.#socket.sent.slice(this.#read, this.#read + count)) {
      this.#read++;
      const frame = JSON.parse(text) as unknown;
      if (Array.isArray(frame)) {
        if (frame[0] === 'ack') {
          const n = frame[1] as number;
          if (n > connection.offset + connection.log.length)
            throw new Error('It acknowledges what was not sent');
          connection.log.splice(0, n - connection.offset);
          connection.offset = Math.max(n, connection.offset);
        }
        continue;
      }
      connection.received++;
      if ((frame as { n: number }).n % refusedEvery === 0) {
        connection.failed.add(connection.received);
        this.#count(['failed', connection.received, 'refused', 'no']);
      } else {
        this.taken.push(frame);
      }
    }
  }

  /** Lets so many of the frames through that are on their way to the client. */
  arrive(count: number): void {
    for (const text of this.#onTheWay.splice(0, count)) this.#socket?.receiveText(text);
  }

  say(what: 'ack' | 'delivered' | 'message'): void {
    const connection = this.#connection;
    if (!connection || !this.#socket) return;
    if (what === 'message') this.#count({ type: 'x', n: ++this.sent });
    else this.#send([what, connection.received]);
  }

  /** All that is on its way is lost. */
  cut(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#onTheWay = [];
    socket?.end();
  }

  #count(frame: unknown): void {
    this.#connection?.log.push(JSON.stringify(frame));
    this.#send(frame);
  }

  #send(frame: unknown): void {
    this.#onTheWay.push(JSON.stringify(frame));
  }
}
