import { setTimeout as delay } from 'node:timers/promises';
import type { Counted, Load } from './load.ts';
import { momentPlaceholder, Poster } from './poster.ts';
import { openSockets, type RawSocket } from './raw-socket.ts';
import { wires } from './wires.ts';

export interface RoomParams {
  readonly port: number;
  readonly clients: number;
  /** Clients in each room. */
  readonly roomSize: number;
}

const message = `{"type":"chat","text":"hello room","at":${momentPlaceholder}}`;
const command = (room: string): string => `[{"type":"send","match":{"room":"${room}"},"message":${message}}]`;

/** Rooms that are posted to in turn: more than one, and not more connections than a backend would keep. */
const postedRooms = 50;
const settledWithinMs = 3_000;

/** Clients in many rooms, of which some are sent a message in turn, one at a time. */
class Rooms implements Load {
  readonly #params: RoomParams;
  readonly #posters: readonly Poster[];
  #sockets: readonly RawSocket[] = [];
  #isStopping = false;
  #running: Promise<void> | undefined;
  #postsBefore = 0;
  #latenciesMs: number[] = [];

  constructor(params: RoomParams) {
    this.#params = params;
    const count = Math.min(postedRooms, this.#roomCount);
    this.#posters = Array.from({ length: count }, (_, room) => {
      // Spread over all of them.
      const name = this.#roomName(Math.floor((room * this.#roomCount) / count));
      return new Poster({
        port: params.port,
        path: '/',
        contentType: 'application/json',
        body: command(name),
      });
    });
  }

  async open(): Promise<void> {
    const { port, clients } = this.#params;
    this.#sockets = await openSockets(clients, (index) => {
      // Neighbours in the order of connecting are in different rooms; cookies become fields of the session.
      const headers = `Cookie: room=${this.#roomName(index % this.#roomCount)}\r\n`;
      return { port, wire: { ...wires.plain, headers }, deliveryBytes: message.length };
    });
    this.#running = this.#run();
  }

  begin(): void {
    this.#latenciesMs = [];
    this.#postsBefore = this.#posts();
  }

  end(): Counted {
    return { operations: this.#posts() - this.#postsBefore, latenciesMs: this.#latenciesMs };
  }

  /** Waits until everybody has got everything, or nobody gets anything any more. */
  async stop(): Promise<Readonly<Record<string, number>>> {
    this.#isStopping = true;
    await this.#running;
    const expected = this.#posts() * this.#params.roomSize;
    const deadlineMs = performance.now() + settledWithinMs;
    while (this.#received() < expected && performance.now() < deadlineMs) await delay(20);
    const lost = expected - this.#received();
    for (const poster of this.#posters) poster.close();
    for (const socket of this.#sockets) socket.destroy();
    return { lost };
  }

  get #roomCount(): number {
    return Math.max(1, Math.round(this.#params.clients / this.#params.roomSize));
  }

  #roomName(room: number): string {
    return `room-${room}`;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      for (const poster of this.#posters) {
        const beganMs = performance.now();
        poster.start();
        await poster.stop();
        this.#latenciesMs.push(performance.now() - beganMs);
      }
    }
  }

  #posts(): number {
    return this.#posters.reduce((sum, { posts }) => sum + posts, 0);
  }

  #received(): number {
    return this.#sockets.reduce((sum, { received }) => sum + received, 0);
  }
}

export const startRooms = async (params: RoomParams): Promise<Load> => {
  const load = new Rooms(params);
  await load.open();
  return load;
};
