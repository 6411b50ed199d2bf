import { type RawData, WebSocket } from 'ws';
import type { Owing } from '../../hub/loop-turn.ts';

/** Whose WebSocket it is: told of all that becomes of it. */
export interface WebSocketOwner extends Owing {
  failed(error: Error): void;
  pinged(payload: Buffer): void;
  /** A sign of life that says nothing else. */
  heard(): void;
  received(data: RawData, isBinary: boolean): void;
  /** It is gone. Runs once. */
  ended(code: number): void;
}

const ownerOf = (ws: WebSocket): WebSocketOwner | undefined => (ws as GatheringWebSocket).owner;

// One function of each kind for all of them: with functions of its own each would take 400 bytes more.
function onError(this: WebSocket, error: Error): void {
  ownerOf(this)?.failed(error);
}
function onPing(this: WebSocket, payload: Buffer): void {
  ownerOf(this)?.pinged(payload);
}
function onPong(this: WebSocket): void {
  ownerOf(this)?.heard();
}
function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  ownerOf(this)?.received(data, isBinary);
}
function onClose(this: WebSocket, code: number): void {
  ownerOf(this)?.ended(code);
}

/**
 * A WebSocket that writes first what its socket is owed: what `ws` sends by itself (the answer to a close frame), or
 * an application through `websocketServer.clients`, comes after what was sent before.
 */
export class GatheringWebSocket extends WebSocket {
  owner: WebSocketOwner | undefined;

  tell(owner: WebSocketOwner): void {
    this.owner = owner;
    // From the first moment: an `error` event that nobody listens for ends the process.
    this.on('error', onError);
    this.on('ping', onPing);
    this.on('pong', onPong);
    this.on('message', onMessage);
    this.on('close', onClose);
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
