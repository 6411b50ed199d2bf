import { openWebSocket, type Wire } from './wire.ts';

/** Some clients for commands to mean; those that a command closes come back. */
export class Crowd implements Disposable {
  readonly #port: number;
  readonly #cookies: readonly string[];
  readonly #wires: Wire[] = [];

  constructor(port: number, cookies: readonly string[]) {
    this.#port = port;
    this.#cookies = cookies;
  }

  /** Connects everybody who is not, and forgets what was said to them. */
  async gather(): Promise<void> {
    for (const [at, cookie] of this.#cookies.entries()) {
      const wire = this.#wires[at];
      if (wire && wire.server.closeCode === undefined && !wire.hasEnded) {
        wire.server.frames.length = 0;
        continue;
      }
      wire?.[Symbol.dispose]();
      this.#wires[at] = await openWebSocket(this.#port, { headers: [`Cookie: ${cookie}`] });
    }
  }

  /** Everybody anew: what commands have put into their `sessionInfo` goes with them. */
  disperse(): void {
    for (const wire of this.#wires.splice(0)) wire[Symbol.dispose]();
  }

  /** @throws Error when one of them was sent what no server may send */
  check(): void {
    for (const wire of this.#wires) wire.check();
  }

  [Symbol.dispose](): void {
    this.disperse();
  }
}
