import { Broker } from '@wsbroker/broker';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { frameSize } from '@wsbroker/testkit';

const mebi = 1_048_576;
const headEnd = '\r\n\r\n';
const refusal = '{"type":"broker-error"';

/**
 * A broker that says every frame of a client back, as the suite wants it, whether it is a message or not.
 *
 * The echo is a listener of `broker.websocketServer`. What the broker itself says of frames that are no message is
 * taken out on the way down, and nothing else is touched, neither up nor down.
 */
export class EchoInFront implements AsyncDisposable {
  readonly #broker = Broker({
    port: 0,
    host: '127.0.0.1',
    log: false,
    maxMessageBytes: 64 * mebi,
    maxFragments: 16_384,
    maxUnreadBytes: 256 * mebi,
    handshakesPerSecond: 1_000_000,
    messagesPerSecond: 1_000_000,
    messageBurst: 1_000_000,
  });
  readonly #front: Server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
    this.#join(client),
  );
  readonly #sockets = new Set<Socket>();

  async start(): Promise<number> {
    await this.#broker.ready;
    this.#broker.websocketServer.on('connection', (socket) => {
      socket.on('message', (bytes, isBinary) => socket.send(bytes, { binary: isBinary }));
    });
    this.#front.listen(0, '127.0.0.1');
    await once(this.#front, 'listening');
    return (this.#front.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#front.close();
    for (const socket of this.#sockets) socket.destroy();
    await this.#broker.close();
  }

  #join(client: Socket): void {
    const broker = connect({
      port: this.#broker.port,
      host: '127.0.0.1',
      allowHalfOpen: true,
      noDelay: true,
    });
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('end', () => other.end());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (chunk) => broker.write(chunk));
    const down = withoutRefusals((bytes) => client.write(bytes));
    broker.on('data', down);
  }
}

/** Passes on what a broker sends, but for its refusals. */
const withoutRefusals = (pass: (bytes: Buffer) => void): ((chunk: Buffer) => void) => {
  let chunks: Buffer[] = [];
  let wanted = 0;
  let isUpgraded = false;
  return (chunk) => {
    chunks.push(chunk);
    if (chunks.reduce((sum, { length }) => sum + length, 0) < wanted) return;
    let rest = Buffer.concat(chunks);
    if (!isUpgraded) {
      const end = rest.indexOf(headEnd) + headEnd.length;
      isUpgraded = end >= headEnd.length;
      if (isUpgraded) pass(rest.subarray(0, end));
      if (isUpgraded) rest = rest.subarray(end);
    }
    let size = isUpgraded ? frameSize(rest) : undefined;
    while (size !== undefined && rest.length >= size) {
      const frame = rest.subarray(0, size);
      if (!frame.includes(refusal)) pass(frame);
      rest = rest.subarray(size);
      size = frameSize(rest);
    }
    chunks = [rest];
    wanted = size ?? 0;
  };
};
