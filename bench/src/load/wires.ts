/** How a client opens, and what it answers: by the name that a load is given. */
export interface Wire {
  readonly path: string;
  /** Of the handshake; each ends with a line break. */
  readonly headers: string;
  /** What the client says once the handshake is done. */
  readonly opening?: string;
  /** A frame that is no delivery, and that it was opened by; without, the handshake is enough. */
  readonly isOpened?: (text: string) => boolean;
  /** What the client answers to a frame that is no delivery. */
  readonly answer?: (text: string) => string | undefined;
  /** What the client says of deliveries, so long after the first that it has said nothing of. */
  readonly acknowledge?: { readonly afterMs: number; readonly frame: (received: number) => string };
}

export const wires = {
  plain: { path: '/', headers: '' },
  /** As the browser's client speaks it. */
  'wsbroker.v1': {
    path: '/',
    headers: 'Sec-WebSocket-Protocol: wsbroker.v1\r\n',
    opening: '["open",{}]',
    isOpened: (text) => text.startsWith('["opened"'),
    answer: (text) => (text === '["ping"]' ? '["pong"]' : undefined),
    acknowledge: { afterMs: 1_000, frame: (received) => `["ack",${received}]` },
  },
  'socket.io': {
    path: '/socket.io/?EIO=4&transport=websocket',
    headers: '',
    isOpened: (text) => text.startsWith('40'),
    answer: (text) => (text.startsWith('0') ? '40' : text === '2' ? '3' : undefined),
  },
  /** Subscribers have a path. */
  nchan: { path: '/sub', headers: '' },
  /** Of its test handler. */
  pushpin: { path: '/ws', headers: '' },
} satisfies Readonly<Record<string, Wire>>;

export type WireName = keyof typeof wires;
