import { type CloseFacts, connectRaw, type RawClient, type RawClientOptions } from './raw-client.ts';

/** A control frame of `wsbroker.v1`: a list that begins with its name. */
export type V1Frame = readonly [name: string, ...rest: unknown[]];
export type V1Message = Readonly<Record<string, unknown>>;

/** What the broker says when it has opened a connection, or resumed one. */
export interface V1Opened {
  readonly connection: string;
  readonly token: string;
  readonly received: number;
  readonly resumed: boolean;
  readonly gap: boolean;
  readonly graceMs: number;
  readonly maxMessageBytes: number;
  readonly replayMessages: number;
  readonly pingIntervalMs: number;
}

export interface V1Options extends Omit<RawClientOptions, 'protocols'> {
  /** Of the connection that is to go on. */
  readonly token?: string;
  /** Counted frames that have arrived on that connection. @default 0 */
  readonly received?: number;
}

const subprotocol = 'wsbroker.v1';

/**
 * A client of `wsbroker.v1` that does nothing by itself: it opens, and counts. What it acknowledges, answers and
 * sends again is up to the test.
 */
export class V1Client implements AsyncDisposable {
  readonly opened: V1Opened;
  /** The socket underneath: everything received so far in order, frames that are no JSON, `pause()`. */
  readonly raw: RawClient;
  readonly closed: Promise<CloseFacts>;
  /** The number of the message sent last. After a resume it goes on from what the broker has received. */
  sent: number;
  readonly #receivedBefore: number;

  constructor(raw: RawClient, opened: V1Opened, receivedBefore: number) {
    this.raw = raw;
    this.opened = opened;
    this.closed = raw.closed;
    this.sent = opened.received;
    this.#receivedBefore = opened.resumed && !opened.gap ? receivedBefore : 0;
  }

  /** Every control frame so far, `opened` as well. */
  get frames(): V1Frame[] {
    return (this.raw.received as readonly unknown[]).filter(isFrame);
  }

  /** Every application message so far. */
  get messages(): V1Message[] {
    return this.raw.received.filter(isMessage);
  }

  /** How many counted frames of this connection have arrived: what to give as `received` to resume it. */
  get received(): number {
    return this.#receivedBefore + this.raw.received.filter(isCounted).length;
  }

  /** The highest number of an `ack`; `delivered` implies it. */
  get acked(): number {
    return Math.max(highest(this.frames, 'ack'), this.delivered);
  }

  /** The highest number of a `delivered`. */
  get delivered(): number {
    return highest(this.frames, 'delivered');
  }

  /** The messages that failed, with the code of each. */
  get failed(): Map<number, string> {
    return new Map(
      this.frames.filter(([name]) => name === 'failed').map(([, n, code]) => [n as number, code as string]),
    );
  }

  /** Sends a message, or any text that is meant to be one, and gives its number. */
  send(message: object | string): number {
    this.raw.send(message);
    this.sent += 1;
    return this.sent;
  }

  /** Asks, and gives the number that the request has as a message. */
  request(id: number, message: object): number {
    return this.send(['request', id, message]);
  }

  /** Says that so many counted frames have been handed to the application; without a number, all that came. */
  ack(n = this.received): void {
    this.sendFrame(['ack', n]);
  }

  /** Sends any frame, or a text that is none. It is not counted. */
  sendFrame(frame: V1Frame | string): void {
    this.raw.send(frame);
  }

  /** The first frame or message not yet taken (that satisfies the predicate). Rejects when the socket closes first. */
  next(predicate?: (item: V1Frame | V1Message) => boolean, timeoutMs?: number): Promise<V1Frame | V1Message> {
    return this.raw.next(predicate, timeoutMs) as Promise<unknown> as Promise<V1Frame | V1Message>;
  }

  /** The first message not yet taken, frames left aside. */
  nextMessage(predicate: (message: V1Message) => boolean = () => true): Promise<V1Message> {
    return this.next((item) => isMessage(item) && predicate(item)) as Promise<V1Message>;
  }

  /** The first frame of this name not yet taken. */
  nextFrame(name: string, predicate: (frame: V1Frame) => boolean = () => true): Promise<V1Frame> {
    return this.next((item) => isFrame(item) && item[0] === name && predicate(item)) as Promise<V1Frame>;
  }

  /** Resolves once the broker has acknowledged the first n, by `ack` or `delivered`. */
  async ackedUpTo(n: number): Promise<void> {
    if (this.acked >= n) return;
    await this.next((item) => isFrame(item) && /^(ack|delivered)$/.test(item[0]) && (item[1] as number) >= n);
  }

  /** Resolves once the backend has processed the first n. */
  async deliveredUpTo(n: number): Promise<void> {
    if (this.delivered >= n) return;
    await this.nextFrame('delivered', ([, upTo]) => (upTo as number) >= n);
  }

  close(code?: number, reason?: string): Promise<CloseFacts> {
    return this.raw.close(code, reason);
  }

  /** Cuts the TCP connection, without a closing handshake. */
  terminate(): Promise<CloseFacts> {
    return this.raw.terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.raw[Symbol.asyncDispose]();
  }
}

/**
 * Opens a connection of `wsbroker.v1`, or resumes the one of `token`.
 * @throws UpgradeRefused when the handshake is refused
 * @throws Error when the broker does not agree to the subprotocol, or closes the socket instead of opening
 * @example
 * await using client = await connectV1(broker.url);
 * await client.deliveredUpTo(client.send({ type: 'say', text: 'hello' }));
 * await client.terminate();
 * await using again = await connectV1(broker.url, { token: client.opened.token, received: client.received });
 */
export const connectV1 = async (url: string, options: V1Options = {}): Promise<V1Client> => {
  const { token, received, ...rest } = options;
  const raw = await connectRaw(url, { ...rest, protocols: subprotocol });
  try {
    raw.send([
      'open',
      { ...(token === undefined ? {} : { token }), ...(received === undefined ? {} : { received }) },
    ]);
    const opened = (await raw.next((item) => isFrame(item) && item[0] === 'opened')) as unknown as [
      string,
      V1Opened,
    ];
    return new V1Client(raw, opened[1], received ?? 0);
  } catch (error) {
    await raw[Symbol.asyncDispose]();
    throw error;
  }
};

const isFrame = (item: unknown): item is V1Frame => Array.isArray(item) && typeof item[0] === 'string';
const isMessage = (item: unknown): item is V1Message =>
  typeof item === 'object' && item !== null && !Array.isArray(item) && !Buffer.isBuffer(item);
const isCounted = (item: unknown): boolean =>
  isMessage(item) || (isFrame(item) && (item[0] === 'reply' || item[0] === 'failed'));

const highest = (frames: readonly V1Frame[], name: string): number =>
  frames.reduce((n, frame) => (frame[0] === name ? Math.max(n, frame[1] as number) : n), 0);
