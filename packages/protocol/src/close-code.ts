/**
 * Why a socket was closed. 1000–1015 are the WebSocket standard's (RFC 6455, section 7.4);
 * of ours, 4000–4499 mean come back, 4500–4999 mean do not.
 */
export const closeCodes = {
  /** Closed as meant, by a `close` command without a code. */
  normal: 1000,
  /** The broker is going away: it stops or restarts. */
  goingAway: 1001,
  /** The frame could not be taken, for example over the size limit. */
  messageTooBig: 1009,
  /** The client did not answer the broker's pings. */
  heartbeatTimeout: 4000,
  /** The client did not read what it was sent. */
  slowConsumer: 4001,
  /** The broker has no room for one more connection. */
  overloaded: 4002,
  /** Another socket has resumed this connection. */
  replaced: 4003,
  /** With `authorize`: the backend did not answer in time. */
  notAuthorized: 4004,
  /** With `authorize`: the backend refused this connection. */
  refused: 4500,
  /** The client sent a frame that the subprotocol has not. */
  protocolError: 4501,
} as const;
export type CloseCodeName = keyof typeof closeCodes;

/** Whether a client should connect again after this close code. */
export const mayReconnect = (code: number): boolean => code < 4500 && code !== closeCodes.normal;
