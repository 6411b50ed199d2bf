import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type Direction = 'up' | 'down';

/** After so many bytes in this direction. */
export interface Cut {
  readonly direction: Direction;
  readonly afterBytes: number;
}

/** A TCP proxy that cuts its first connections, each as it is told to; those that follow are left alone. */
export class CuttingProxy implements AsyncDisposable {
  /** How many bytes of the first connection came each way. */
  readonly passed = { up: 0, down: 0 };
  connections = 0;
  /** How many of them have been cut. */
  cuts = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: number, plan: readonly Cut[] = []) {
    this.#server = createServer((client) => {
      const cut = plan[this.connections];
      const passed = this.connections === 0 ? this.passed : { up: 0, down: 0 };
      this.connections += 1;
      let isCut = false;
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
          if (isCut) return;
          const left = cut?.direction === direction ? cut.afterBytes - passed[direction] : Infinity;
          passed[direction] += chunk.length;
          if (chunk.length <= left) {
            to.write(chunk);
            return;
          }
          isCut = true;
          this.cuts += 1;
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
