import { setTimeout as delay } from 'node:timers/promises';
import type { Counted, Load } from './load.ts';
import { openSockets, type RawSocket } from './raw-socket.ts';
import { type WireName, wires } from './wires.ts';

/** What a client sends: a line of a chat. */
export const eventMessage = '{"type":"say","text":"hello everybody","room":"lobby"}';
/** What the backend has it sent for that. */
export const eventReply = '{"type":"said","text":"hello everybody","room":"lobby","by":"a client"}';

export interface EventsParams {
  readonly port: number;
  readonly clients: number;
  readonly wire: WireName;
  /** The message as it is on that wire. */
  readonly text: string;
}

const settledWithinMs = 3_000;

/** Clients that each send a message, and the next when they have got what the backend has them sent for it. */
class Events implements Load {
  readonly #sentAtMs: number[] = [];
  #sockets: readonly RawSocket[] = [];
  #latenciesMs: number[] = [];
  #sent = 0;
  #received = 0;
  #receivedBefore = 0;
  #isRunning = true;

  async open({ port, clients, wire, text }: EventsParams): Promise<void> {
    this.#sockets = await openSockets(clients, (index) => ({
      port,
      wire: wires[wire],
      deliveryBytes: eventReply.length,
      onDelivery: () => this.#delivered(index, text),
    }));
    for (const index of this.#sockets.keys()) this.#send(index, text);
  }

  begin(): void {
    this.#latenciesMs = [];
    this.#receivedBefore = this.#received;
  }

  end(): Counted {
    return { operations: this.#received - this.#receivedBefore, latenciesMs: this.#latenciesMs };
  }

  /** Waits until each has got its last answer. */
  async stop(): Promise<Readonly<Record<string, number>>> {
    this.#isRunning = false;
    const deadlineMs = performance.now() + settledWithinMs;
    while (this.#received < this.#sent && performance.now() < deadlineMs) await delay(20);
    for (const socket of this.#sockets) socket.destroy();
    return { lost: this.#sent - this.#received };
  }

  #send(index: number, text: string): void {
    this.#sent += 1;
    this.#sentAtMs[index] = performance.now();
    this.#sockets[index]?.send(text);
  }

  #delivered(index: number, text: string): void {
    this.#received += 1;
    this.#latenciesMs.push(performance.now() - (this.#sentAtMs[index] ?? 0));
    if (this.#isRunning) this.#send(index, text);
  }
}

export const startEvents = async (params: EventsParams): Promise<Load> => {
  const load = new Events();
  await load.open(params);
  return load;
};
