import { type RawData, WebSocket } from 'ws';
import type { Owing } from '../../hub/turn.ts';

/** Whose WebSocket it is: told of all that becomes of it. */
export interface WebSocketOwner extends Owing {
  failed(error: Error): void;
  pinged(payload: Buffer): void;
  /** A sign of life that says nothing else. */
  heard(): void;
  received(data: RawData): void;
  /** It is gone. Runs once. */
  ended(code: number): void;
}

/** One function of each kind for all of them: with functions of their own each would take 400 bytes more. */
const listeners = {
  error(this: GatheringWebSocket, error: Error): void {
    this.owner?.failed(error);
  },
  ping(this: GatheringWebSocket, payload: Buffer): void {
    this.owner?.pinged(payload);
  },
  pong(this: GatheringWebSocket): void {
    this.owner?.heard();
  },
  message(this: GatheringWebSocket, data: RawData): void {
    this.owner?.received(data);
  },
  close(this: GatheringWebSocket, code: number): void {
    this.owner?.ended(code);
  },
};

/**
 * A WebSocket that writes first what its socket is owed: what `ws` sends by itself (the answer to a close frame), or
 * an application through `websocketServer.clients`, comes after what was sent before.
 */
export class GatheringWebSocket extends WebSocket {
  owner: WebSocketOwner | undefined;

  tell(owner: WebSocketOwner): void {
    this.owner = owner;
    // From the first moment: an `error` event that nobody listens for ends the process.
    this.on('error', listeners.error);
    this.on('ping', listeners.ping);
    this.on('pong', listeners.pong);
    this.on('message', listeners.message);
    this.on('close', listeners.close);
  }

  override close(code?: number, data?: string | Buffer): void {
    this.owner?.flush();
    super.close(code, data);
  }

  override send(data: Parameters<WebSocket['send']>[0], ...others: []): void {
    this.owner?.flush();
    super.send(data, ...others);
  }
}
