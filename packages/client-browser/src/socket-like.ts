/**
 * What the client needs of a socket: the browser's `WebSocket` has it, and so have Node's, Deno's and
 * `ws`'s. `never` takes a handler of any event type: each implementation has its own.
 */
export interface SocketLike {
  /** 1 while it can be written to. */
  readonly readyState: number;
  /** Bytes that have been handed over and are not yet on their way. */
  readonly bufferedAmount: number;
  /** The subprotocol that the other side has agreed to; empty without one. */
  readonly protocol: string;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** A class of sockets, such as the global `WebSocket`. */
export type SocketClass = new (url: string, protocols?: string[]) => SocketLike;

/** `readyState` of a socket that takes messages; the constant is not on every implementation's instances. */
export const socketOpen = 1;
