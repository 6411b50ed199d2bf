import { setTimeout as delay } from 'node:timers/promises';
import type { History } from '@wsbroker/testkit';
import { ChatClient } from './chat-client.ts';
import { countedSocket, socketCounts } from './counted-socket.ts';

export interface CrowdOptions {
  readonly url: string;
  readonly history: History;
  readonly count: number;
  /** How many are in a room, and hear each other. @default each one only itself */
  readonly roomSize?: number;
  readonly backoffMaxMs?: number;
}

/** As many as connect at once: more would only wait in the kernel's queue. */
const connectingAtOnce = 100;
const tickMs = 10;

/** Many clients, who may all talk at a steady pace. */
export class Crowd implements AsyncDisposable {
  readonly clients: ChatClient[] = [];
  readonly counts = socketCounts();
  readonly #options: CrowdOptions;
  readonly #history: History;

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#history = options.history;
  }

  /** Connects them, and waits until the backend knows them all. */
  async join(): Promise<void> {
    const { count, roomSize, ...rest } = this.#options;
    const socketClass = countedSocket(this.counts);
    while (this.clients.length < count) {
      const group: ChatClient[] = [];
      while (group.length < connectingAtOnce && this.clients.length < count) {
        const index = this.clients.length;
        const room = roomSize === undefined ? {} : { room: `r${Math.floor(index / roomSize)}` };
        const client = new ChatClient({ ...rest, ...room, name: `c${index}`, socketClass });
        this.clients.push(client);
        group.push(client);
      }
      await Promise.all(group.map(({ joined }) => joined));
    }
  }

  /** Each says something, one after the other and evenly over time, so many times a second, for so long. */
  async talk(perSecond: number, durationMs: number, type = 'say'): Promise<void> {
    const startMs = performance.now();
    const total = Math.round((this.clients.length * perSecond * durationMs) / 1_000);
    const room = this.#options.roomSize === undefined ? undefined : (index: number) => this.#roomOf(index);
    for (let said = 0; said < total;) {
      const due = Math.min(total, ((performance.now() - startMs) * total) / durationMs);
      for (; said < due; said += 1) {
        const index = said % this.clients.length;
        this.clients[index]?.say(type, room ? { room: room(index) } : {});
      }
      await delay(tickMs);
    }
  }

  /** Resolves once all that was said has come to an end; false when that takes too long. */
  async settled(timeoutMs: number): Promise<boolean> {
    const late = new AbortController();
    const isFine = await Promise.race([
      Promise.all(this.clients.map((client) => client.allSettled())).then(() => true),
      delay(timeoutMs, false, { signal: late.signal }).catch(() => false),
    ]);
    late.abort();
    return isFine;
  }

  /** How much of what was said has not come to an end yet. */
  get unsettled(): number {
    return this.clients.reduce((sum, { unsettled }) => sum + unsettled, 0);
  }

  get gaps(): number {
    return this.clients.reduce((sum, { gaps }) => sum + gaps, 0);
  }

  /** Puts into the history what should have come down: all that was acknowledged, to everybody in its room. */
  expectDown(): void {
    const failed = new Set(this.#history.failed.map(({ client, n }) => `${client} ${n}`));
    for (const { client, n } of this.#history.acknowledged) {
      if (failed.has(`${client} ${n}`)) continue;
      for (const to of this.#mates(client)) this.#history.sentDown.push({ from: client, n, to });
    }
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await Promise.resolve();
  }

  #roomOf(index: number): string {
    return `r${Math.floor(index / (this.#options.roomSize ?? 1))}`;
  }

  #mates(client: string): string[] {
    const { roomSize = 1 } = this.#options;
    const first = Math.floor(Number(client.slice(1)) / roomSize) * roomSize;
    return this.clients.slice(first, first + roomSize).map(({ name }) => name);
  }
}
