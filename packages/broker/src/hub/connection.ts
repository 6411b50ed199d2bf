import { closeCodes, type SessionInfo } from '@wsbroker/protocol';
import type { IncomingMessage } from 'node:http';
import type { Broker, Connection } from '../api.ts';
import { messageText, textFrame } from './frame.ts';
import type { Socket } from './socket.ts';

/** A close frame has 125 bytes, two of them for the code (RFC 6455, section 5.5). */
const maxReasonBytes = 123;

/** 1004 to 1006 and 1015 stand for ways in which a socket ended, and are never sent (section 7.4). */
const mayBeSent = (code: number): boolean =>
  Number.isInteger(code) &&
  ((code >= 1_000 && code <= 1_003) || (code >= 1_007 && code <= 1_014) || (code >= 3_000 && code <= 4_999));

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

  /** @throws TypeError before anything is done: `ws` throws when the socket is half closed already. */
  close(code: number = closeCodes.normal, reason = ''): void {
    if (!mayBeSent(code)) {
      throw new TypeError(
        `The close code is ${code}: expected one that may be sent, such as 1000, or 3000 to 4999`,
      );
    }
    const reasonBytes = Buffer.byteLength(reason);
    if (reasonBytes > maxReasonBytes) {
      throw new TypeError(`The close reason has ${reasonBytes} bytes: expected at most ${maxReasonBytes}`);
    }
    this.#socket.close(code, reason);
  }
}
