import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type Direction = 'up' | 'down';

/** A TCP proxy whose first connection is reset after so many bytes; those that follow are left alone. */
export class CuttingProxy implements AsyncDisposable {
  /** How many bytes of the first connection went each way. */
  readonly passed = { up: 0, down: 0 };
  connections = 0;
  isCut = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: number, cut?: { direction: Direction; afterBytes: number }) {
    this.#server = createServer((client) => {
      this.connections += 1;
      const isFirst = this.connections === 1;
      const broker = connect({ port: target, host: '127.0.0.1', noDelay: true });
      client.setNoDelay(true);
      const end = (): void => {
        client.resetAndDestroy();
        broker.resetAndDestroy();
      };
      const pipe = (from: Socket, to: Socket, direction: Direction): void => {
        this.#sockets.add(from);
        from.on('error', end);
        from.once('close', () => {
          this.#sockets.delete(from);
          to.end();
        });
        from.on('data', (chunk: Buffer) => {
          const left =
            isFirst && cut?.direction === direction ? cut.afterBytes - this.passed[direction] : Infinity;
          if (isFirst) this.passed[direction] += chunk.length;
          if (chunk.length <= left) {
            to.write(chunk);
            return;
          }
          this.isCut = true;
          // Up to this byte all has to arrive, so this side is closed and not reset.
          if (left > 0) to.write(chunk.subarray(0, left));
          to.destroySoon();
          from.resetAndDestroy();
        });
      };
      pipe(client, broker, 'up');
      pipe(broker, client, 'down');
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
