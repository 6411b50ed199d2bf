import { closeCodes, type SessionInfo } from '@wsbroker/protocol';
import type { IncomingMessage } from 'node:http';
import type { Broker, Connection } from '../api.ts';
import { messageText, textFrame } from './frame.ts';
import type { Socket } from './socket.ts';

export interface HubConnectionInit {
  readonly sessionInfo: SessionInfo;
  readonly cookieData: Readonly<Record<string, string>>;
  readonly upgradeReq: IncomingMessage;
  readonly broker: Broker;
  readonly socket: Socket;
}

/** One user's link as the backend sees it. It outlives its socket until its last event is delivered. */
export class HubConnection implements Connection {
  readonly wskey: string;
  readonly sessionInfo: SessionInfo;
  readonly cookieData: Readonly<Record<string, string>>;
  readonly upgradeReq: IncomingMessage;
  readonly broker: Broker;
  readonly #socket: Socket;

  constructor(init: HubConnectionInit) {
    this.wskey = init.sessionInfo.wskey;
    this.sessionInfo = init.sessionInfo;
    this.cookieData = init.cookieData;
    this.upgradeReq = init.upgradeReq;
    this.broker = init.broker;
    this.#socket = init.socket;
  }

  send(message: unknown): void {
    this.write(textFrame(messageText(message)));
  }

  /** Writes a frame that may be shared with other connections. */
  write(frame: Buffer): void {
    this.#socket.write(frame);
  }

  close(code: number = closeCodes.normal, reason = ''): void {
    this.#socket.close(code, reason);
  }
}
