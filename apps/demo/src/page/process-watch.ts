import type { ControlStatus, ProcessStatus } from '../control-status.ts';

/** What the demo's server says of its processes. */
export interface WatchedStatus extends ControlStatus {
  /** While stopped: when each is started again, as `Date.now()` of this browser tells time. */
  readonly returnsAtMs: { readonly backend: number | undefined; readonly broker: number | undefined };
}

export type Order = 'restart-backend' | 'stop-backend' | 'restart-broker' | 'stop-broker';

const retryMs = 2_000;

/**
 * Follows `/control/status`: the pids and the countdowns, which only the demo's server knows. Whether the socket
 * is open, whether the backend answers, and what became of a line comes from the broker itself.
 *
 * Only while the page can be seen: browsers hold six connections to a server for all tabs together, so a
 * handful of hidden tabs would keep the next one from loading.
 */
export class ProcessWatch {
  readonly #listeners = new Set<() => void>();
  #status: WatchedStatus | undefined;
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    document.addEventListener('visibilitychange', () => this.#follow());
    this.#follow();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  /** Undefined until the server has answered, and while it does not. */
  readonly getStatus = (): WatchedStatus | undefined => this.#status;

  async order(order: Order): Promise<void> {
    const response = await fetch(`/control/${order}`, { method: 'POST' });
    if (!response.ok) throw new Error(`The demo's server answered ${response.status}.`);
  }

  #follow(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = undefined;
    if (document.visibilityState === 'hidden') return;
    const source = (this.#source = new EventSource('/control/status'));
    source.addEventListener('message', ({ data }: MessageEvent<string>) => {
      const status = JSON.parse(data) as ControlStatus;
      const returnsAtMs = { backend: momentIn(status.backend), broker: momentIn(status.broker) };
      this.#set({ ...status, returnsAtMs });
    });
    source.addEventListener('error', () => {
      this.#set(undefined);
      // Most of the time it comes back by itself; after an answer that is no stream it does not.
      if (source.readyState === EventSource.CLOSED) this.#timer = setTimeout(() => this.#follow(), retryMs);
    });
  }

  #set(status: WatchedStatus | undefined): void {
    this.#status = status;
    for (const listener of this.#listeners) listener();
  }
}

const momentIn = ({ returnsInMs }: ProcessStatus): number | undefined =>
  returnsInMs === null ? undefined : Date.now() + returnsInMs;
