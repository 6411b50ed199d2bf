/** The WebSocket subprotocol of version 1. Sockets without a subprotocol of ours speak the plain wire. */
export const subprotocol = 'wsbroker.v1';
