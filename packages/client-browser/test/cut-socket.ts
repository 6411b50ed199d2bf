import { WebSocket } from 'ws';

/** Sockets of `ws` that can be cut as a network does: without a word to either side. */
export const cuttable = () => {
  const sockets: WebSocket[] = [];
  return {
    WebSocket: class extends WebSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    },
    cut: (): void => sockets.at(-1)?.terminate(),
  };
};
