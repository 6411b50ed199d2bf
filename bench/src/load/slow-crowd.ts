import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { WireName } from './wires.ts';

/** What the thread is started with. */
export interface SlowCrowdParams {
  readonly port: number;
  readonly wire: WireName;
  readonly deliveryBytes: number;
  /** The thread keeps here how many deliveries there were. */
  readonly received: Float64Array;
}

/** Clients that the thread is to connect. */
export interface MoreClients {
  readonly clients: number;
  /** The address of the first. */
  readonly firstIndex: number;
}

/**
 * Clients in a thread that reads all of them every few milliseconds, and sleeps between.
 *
 * Clients of a server are elsewhere, each with a machine of its own. One process that stands for a thousand of them
 * and is woken for each frame costs the server more than the frame does, and is full before the server is.
 */
export class SlowCrowd {
  readonly #worker: Worker;
  readonly #received: Float64Array;

  constructor(params: Omit<SlowCrowdParams, 'received'>) {
    this.#received = new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT));
    this.#worker = new Worker(new URL('slow-crowd-thread.ts', import.meta.url), {
      workerData: { ...params, received: this.#received } satisfies SlowCrowdParams,
    });
  }

  /** Resolves once they are connected. */
  async connect(more: MoreClients): Promise<void> {
    // A thread has no origin.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#worker.postMessage(more);
    await once(this.#worker, 'message');
  }

  /** Deliveries until the thread has read last. */
  get received(): number {
    return this.#received[0] ?? 0;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
