import { setTimeout as delay } from 'node:timers/promises';
import type { Counted, Load } from './load.ts';
import { momentPlaceholder, momentUs, Poster, type Publication } from './poster.ts';
import { openSockets, type RawSocket } from './raw-socket.ts';
import { SlowCrowd } from './slow-crowd.ts';
import { type WireName, wires } from './wires.ts';

/** The message that goes to everyone: a line of a chat, with the moment of its sending. */
export const chatMessage = `{"type":"chat","text":"hello everybody","at":${momentPlaceholder}}`;

export interface FanOutParams {
  readonly port: number;
  readonly clients: number;
  readonly wire: WireName;
  readonly publication: Publication;
}

interface FanOutChange {
  /** POSTs that wait for their answer at any time. */
  readonly outstanding: number;
}

/** Of so many clients one is read as soon as there is something, and its deliveries are looked into. */
const sampledOf = 100;
const settledWithinMs = 10_000;
const momentField = '"at":';

/** Clients that are all sent what is POSTed, as much at once as it is changed to. */
class FanOut implements Load {
  readonly #publication: Publication;
  readonly #posters: Poster[] = [];
  /** Spread over all in the order of connecting, in which most contenders write. */
  readonly #sampled: RawSocket[] = [];
  #crowd: SlowCrowd | undefined;
  #clients = 0;
  #outstanding = 0;
  #latenciesMs: number[] = [];
  #receivedBefore = 0;

  constructor(publication: Publication) {
    this.#publication = publication;
  }

  async open({ port, clients, wire }: FanOutParams): Promise<void> {
    const deliveryBytes = chatMessage.length;
    const onDelivery = (payload: Buffer): void => this.#sample(payload);
    const sampled = () => ({ port, wire: wires[wire], deliveryBytes, onDelivery });
    this.#clients = clients;
    this.#crowd = new SlowCrowd({ port, wire, deliveryBytes });
    for (let index = 0; index < clients; index += sampledOf) {
      const others = Math.min(sampledOf, clients - index) - 1;
      // Half of them before it: it is to wait as long as they do, on average.
      const half = Math.floor(others / 2);
      await this.#crowd.connect({ clients: half, firstIndex: index });
      this.#sampled.push(...(await openSockets(1, sampled, index + half)));
      await this.#crowd.connect({ clients: others - half, firstIndex: index + half + 1 });
    }
  }

  async change({ outstanding }: FanOutChange): Promise<void> {
    this.#outstanding = outstanding;
    while (this.#posters.length < outstanding) this.#posters.push(this.#newPoster());
    this.#goOn();
    await Promise.all(this.#posters.slice(outstanding).map((poster) => poster.stop()));
  }

  begin(): void {
    this.#latenciesMs = [];
    this.#receivedBefore = this.#received();
  }

  end(): Counted {
    return { operations: this.#received() - this.#receivedBefore, latenciesMs: this.#latenciesMs };
  }

  /** Waits until everybody has got everything, or nobody gets anything any more. */
  async stop(): Promise<Readonly<Record<string, number>>> {
    await this.change({ outstanding: 0 });
    const posts = this.#posts();
    const expected = posts * this.#clients;
    const deadlineMs = performance.now() + settledWithinMs;
    while (this.#received() < expected && performance.now() < deadlineMs) await delay(20);
    const lost = expected - this.#received();
    for (const poster of this.#posters) poster.close();
    for (const socket of this.#sampled) socket.destroy();
    await this.#crowd?.close();
    return { posts, lost };
  }

  #newPoster(): Poster {
    const poster = new Poster(this.#publication);
    if (this.#publication.isAnsweredEarly === true) poster.mayGoOn = () => this.#mayPost();
    return poster;
  }

  #goOn(): void {
    for (const poster of this.#posters.slice(0, this.#outstanding)) poster.start();
  }

  #posts(): number {
    return this.#posters.reduce((sum, poster) => sum + poster.posts, 0);
  }

  /** Whether fewer are on their way than are to be outstanding, as far as the clients know that are looked into. */
  #mayPost(): boolean {
    const arrived = this.#sampled.reduce((min, { received }) => Math.min(min, received), Infinity);
    return this.#posts() - arrived < this.#outstanding;
  }

  #received(): number {
    const sampled = this.#sampled.reduce((sum, { received }) => sum + received, 0);
    return sampled + (this.#crowd?.received ?? 0);
  }

  #sample(payload: Buffer): void {
    const at = payload.indexOf(momentField) + momentField.length;
    const sentUs = Number(payload.toString('latin1', at, at + momentPlaceholder.length));
    this.#latenciesMs.push((momentUs() - sentUs) / 1_000);
    if (this.#publication.isAnsweredEarly === true && this.#mayPost()) this.#goOn();
  }
}

export const startFanOut = async (params: FanOutParams): Promise<Load> => {
  const load = new FanOut(params.publication);
  await load.open(params);
  return load;
};
