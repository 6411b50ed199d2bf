import { textFrame } from '@wsbroker/testkit';
import type { RawEvent } from './raw-backend.ts';
import { openWebSocket, type Wire } from './wire.ts';

const probe = 'client-honest';

/** What the backend answers to the question of an honest client; undefined for any other event. */
export const answerHonest = ({ type, text }: RawEvent): readonly unknown[] | undefined => {
  if (type !== probe) return undefined;
  const { n } = JSON.parse(text) as { n: number };
  return [{ type: 'send', message: { type: 'served', n } }];
};

/** A client that was there before, and wants to be served in between. */
export class HonestClient implements Disposable {
  #wire: Wire;
  #asked = 0;

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  static async connect(port: number): Promise<HonestClient> {
    const client = new HonestClient(await openHonest(port));
    // Its events so far are not to come among those of the cases.
    await client.#ask();
    return client;
  }

  /**
   * Asks, and is answered.
   * @param mayBeClosed A command of the case may have closed everybody: then it connects again.
   */
  async isServed(port: number, mayBeClosed: boolean): Promise<void> {
    if (this.#wire.hasEnded && mayBeClosed) await this.#reconnect(port);
    try {
      await this.#ask();
    } catch (error) {
      if (!mayBeClosed || this.#wire.server.closeCode === undefined) throw error;
      await this.#reconnect(port);
      await this.#ask();
    }
  }

  /** Begins anew: what commands have put into its `sessionInfo` goes with its connection. */
  async renew(port: number): Promise<void> {
    await this.#reconnect(port);
    await this.#ask();
  }

  [Symbol.dispose](): void {
    this.#wire[Symbol.dispose]();
  }

  async #ask(): Promise<void> {
    this.#asked += 1;
    const n = this.#asked;
    this.#wire.write(textFrame(JSON.stringify({ type: 'honest', n })));
    const isAnswered = await this.#wire.until('an answer for the honest client', () => {
      const { frames, closeCode } = this.#wire.server;
      if (frames.some(({ payload }) => payload.includes(`{"type":"served","n":${n}}`))) return true;
      return closeCode === undefined ? undefined : false;
    });
    if (!isAnswered) throw new Error(`the honest client was closed with ${this.#wire.server.closeCode}`);
    // What it was sent besides is not kept.
    this.#wire.server.frames.length = 0;
  }

  async #reconnect(port: number): Promise<void> {
    this.#wire[Symbol.dispose]();
    this.#wire = await openHonest(port);
  }
}

const openHonest = (port: number): Promise<Wire> => openWebSocket(port, { headers: ['Cookie: who=honest'] });
