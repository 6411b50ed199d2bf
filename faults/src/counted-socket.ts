import { WebSocket } from 'ws';

/** What became of the sockets of one scenario. */
export interface SocketCounts {
  opened: number;
  /** Open ones that were closed, by whomever. */
  closed: number;
  /** How often the broker announced that it was about to close one. */
  byes: number;
  /** When each open one was closed. */
  readonly closedAtMs: number[];
}

export const socketCounts = (): SocketCounts => ({ opened: 0, closed: 0, byes: 0, closedAtMs: [] });

const openingBracket = 0x5b;

/** A WebSocket class for the client, which counts into `counts`. */
export const countedSocket = (
  counts: SocketCounts,
): new (url: string, protocols?: string | string[]) => WebSocket =>
  class CountedSocket extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols, { perMessageDeflate: false });
      this.on('error', () => undefined);
      this.on('message', (data: Buffer) => {
        if (data[0] === openingBracket && data.toString().startsWith('["bye"')) counts.byes += 1;
      });
      this.once('open', () => {
        counts.opened += 1;
        this.once('close', () => {
          counts.closed += 1;
          counts.closedAtMs.push(performance.now());
        });
      });
    }
  };
