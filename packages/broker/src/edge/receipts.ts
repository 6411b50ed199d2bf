import type { BrokerErrorMessage, ErrorCode } from '@wsbroker/protocol';
import type { HubConnection } from '../hub/connection.ts';

/** Where a client is told what became of its messages, which are counted from 1. */
export interface Receipts {
  /** The client counts too, and goes on from there after a reconnect. */
  readonly isCounted: boolean;
  /** The broker has taken charge of the first n. */
  taken(n: number): void;
  delivered(n: number): void;
  /** Message n will not be processed. */
  failed(n: number, code: ErrorCode, text: string): void;
  /** The answer to a request of this id. */
  reply(request: number, message: unknown): void;
}

/** Whoever has them. They are made when they are asked for: many clients never say anything. */
export interface ReceiptsOwner {
  readonly receipts: Receipts;
}

/** The plain wire has a word for failure alone. */
export class PlainReceipts implements Receipts {
  readonly isCounted = false;
  readonly #connection: HubConnection;

  constructor(connection: HubConnection) {
    this.#connection = connection;
  }

  taken(): void {}

  delivered(): void {}

  failed(_n: number, code: ErrorCode, text: string): void {
    const error: BrokerErrorMessage = { type: 'broker-error', code, text };
    this.#connection.send(error);
  }

  reply(): void {}
}
