import type { ErrorCode } from '@wsbroker/protocol';
import type { HubConnection } from '../../hub/connection.ts';
import type { TurnEnd } from '../../hub/loop-turn.ts';
import type { Receipts } from '../receipts.ts';
import { ackText, deliveredText, failedText, replyText } from './down-frame.ts';
import { Progress } from './progress.ts';

/**
 * Tells a client of `wsbroker.v1` what became of its messages.
 *
 * What happens in one turn of the event loop is told in one frame of each kind. `failed` and `reply` are counted
 * frames, since losing one would matter; `ack` and `delivered` say how far it went, and are said again after a
 * resume.
 */
export class V1Receipts implements Receipts, TurnEnd {
  readonly isCounted = true;
  readonly #connection: HubConnection;
  readonly #settled: Progress;
  #taken: number;
  #toldTaken: number;
  #toldDelivered: number;
  #isTelling = false;
  #whenTaken: { readonly n: number; readonly run: () => void } | undefined;

  /**
   * @param taken Of a connection that a former process has left: so many messages were taken.
   * @param waiting Those of them that have not been processed, in rising order.
   */
  constructor(connection: HubConnection, taken = 0, waiting: readonly number[] = []) {
    this.#connection = connection;
    const settled = (waiting[0] ?? taken + 1) - 1;
    this.#taken = this.#toldTaken = taken;
    this.#toldDelivered = settled;
    this.#settled = new Progress(settled);
    const isWaiting = new Set(waiting);
    for (let n = settled + 1; n <= taken; n += 1) if (!isWaiting.has(n)) this.#settled.add(n);
  }

  taken(n: number): void {
    this.#taken = Math.max(this.#taken, n);
    if (this.#whenTaken && this.#taken >= this.#whenTaken.n) {
      const { run } = this.#whenTaken;
      this.#whenTaken = undefined;
      run();
    }
    this.#tellSoon();
  }

  delivered(n: number): void {
    this.#settled.add(n);
    this.#tellSoon();
  }

  failed(n: number, code: ErrorCode, text: string): void {
    // Before any `delivered` that goes past it, which would say otherwise.
    this.#connection.writeCounted(failedText(n, code, text));
    this.delivered(n);
  }

  reply(request: number, message: unknown): void {
    this.#connection.writeCounted(replyText(request, message));
  }

  /**
   * Runs once the first n messages are taken; in place of what waited for that before.
   * A client sends again what it is told was not taken: it must not be told so of what is on its way to the disk.
   */
  afterTaken(n: number, run: () => void): void {
    this.#whenTaken = undefined;
    if (this.#taken >= n) run();
    else this.#whenTaken = { n, run };
  }

  /** The client has a new socket, and may have missed what it was told last. */
  tellAgain(): void {
    this.#toldTaken = this.#taken;
    this.#toldDelivered = 0;
    this.#tellSoon();
  }

  #tellSoon(): void {
    // Without a socket nothing is told: after a resume it is told again.
    if (!this.#isTelling) this.#isTelling = this.#connection.atTurnEnd(this);
  }

  turnEnds(): void {
    this.#isTelling = false;
    const { through } = this.#settled;
    // `delivered` says `ack` too.
    if (this.#taken > this.#toldTaken && this.#taken > through) {
      this.#connection.writeOnce(ackText(this.#taken));
    }
    if (through > this.#toldDelivered) this.#connection.writeOnce(deliveredText(through));
    this.#toldTaken = Math.max(this.#toldTaken, this.#taken, through);
    this.#toldDelivered = Math.max(this.#toldDelivered, through);
  }
}
