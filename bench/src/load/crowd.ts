import type { Counted, Load } from './load.ts';
import { RawSocket } from './raw-socket.ts';
import { type WireName, wires } from './wires.ts';

export interface CrowdParams {
  readonly port: number;
  readonly wire: WireName;
  /** Connections that are being opened at any time. */
  readonly openedAtOnce: number;
  /** They come from this machine itself. @default as through a proxy, each with an address of its own */
  readonly areDirect?: boolean;
}

export interface CrowdChange {
  /** So many are open when this is done. */
  readonly clients: number;
}

/** What a browser sends with a handshake, beside what every client has to: 500 bytes, some of them its own. */
const browserHeaders = (index: number): string =>
  [
    'Pragma: no-cache',
    'Cache-Control: no-cache',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
    'Origin: http://127.0.0.1',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Accept-Language: en-GB,en-US;q=0.9,en;q=0.8',
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
    `Cookie: session=${String(index).padStart(32, 'a1b2c3d4')}; theme=dark; visitor=GA1.1.${1_000_000_000 + index}`,
    '',
  ].join('\r\n');

/** Clients that connect, and then are there. */
class Crowd implements Load {
  readonly #params: CrowdParams;
  readonly #sockets: RawSocket[] = [];
  #opened = 0;
  #latenciesMs: number[] = [];

  constructor(params: CrowdParams) {
    this.#params = params;
  }

  async change({ clients }: CrowdChange): Promise<void> {
    for (const socket of this.#sockets.splice(clients)) socket.destroy();
    const opened: number[] = [];
    let index = this.#sockets.length;
    const openOn = async (): Promise<void> => {
      while (index < clients) {
        index += 1;
        opened.push(await this.#open(index));
      }
    };
    await Promise.all(Array.from({ length: this.#params.openedAtOnce }, openOn));
    this.#opened += opened.length;
    this.#latenciesMs.push(...opened);
  }

  begin(): void {
    this.#opened = 0;
    this.#latenciesMs = [];
  }

  end(): Counted {
    return { operations: this.#opened, latenciesMs: this.#latenciesMs };
  }

  stop(): Promise<Readonly<Record<string, number>>> {
    const lost = this.#sockets.filter(({ isOpen }) => !isOpen).length;
    for (const socket of this.#sockets) socket.destroy();
    return Promise.resolve({ lost });
  }

  async #open(index: number): Promise<number> {
    const { port, wire: name, areDirect } = this.#params;
    const wire = wires[name];
    const beganMs = performance.now();
    const socket = new RawSocket({
      port,
      index,
      isDirect: areDirect,
      wire: { ...wire, headers: wire.headers + browserHeaders(index) },
      deliveryBytes: Infinity,
    });
    await socket.opened;
    this.#sockets.push(socket);
    return performance.now() - beganMs;
  }
}

export const startCrowd = (params: CrowdParams): Promise<Load> => Promise.resolve(new Crowd(params));
