import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Failure } from '../backend/backend.ts';
import type { Clock } from './clock.ts';
import { Line } from './line.ts';
import { type OutageEvent, type OutageState, outageTransition, upState } from './outage.ts';

export interface GateOptions {
  /** So many requests at once, and so many again that have stepped aside. */
  readonly maxRequests: number;
  /** A request that takes longer steps aside. */
  readonly slowRequestMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** The backend went down, or is there again. */
  readonly onChange: (isDown: boolean) => void;
}

/** What the gate remembers of a connection. */
export interface Lane {
  readonly number: number;
  /** How its last request went: it was answered soon, late, or not at all. */
  pace: 'quick' | 'slow' | 'hung';
}

/** The permission to run one request. */
export interface Pass {
  readonly lane: Lane;
  readonly beganMs: number;
  /** Its connection was slow when it began. */
  readonly isSlow: boolean;
  /** What had happened before it began. */
  readonly outages: number;
  readonly successes: number;
}

/** Why there is no permission: the gate was stopped, or the event grew too old while the backend was down. */
export type NoPass = 'stopped' | 'too-old';

/** What a request says about the backend. */
export type RequestEnd =
  | 'succeeded'
  /** Nothing: it was not sent, or broken off by us. */
  | 'dropped'
  | { readonly failure: Failure; readonly retryAfterMs?: number | undefined };

interface Turn {
  readonly lane: Lane;
  /** Then it is too old. */
  readonly untilMs: number;
  readonly end: (pass: Pass | NoPass) => void;
}

/** While the backend is down, events that grew too old are looked for no more often than this. */
const sweepMs = 1_000;

/**
 * Where requests wait for permission to run, over all connections.
 *
 * At most `maxRequests` hold a slot. One that takes longer than `slowRequestMs` steps aside when others wait for
 * its slot, and the next one of its connection begins aside: hanging requests of some connections cannot take all
 * slots. Connections that are merely slow may have half of the slots as well, where nobody else wants them: they
 * may have been slow for a moment only, and must not wait for those that hang. When the backend is down one request at a time goes out, the probe, each time of another
 * connection; when it is back the slots open step by step.
 */
export class Gate {
  readonly #options: GateOptions;
  #state: OutageState;
  /** Requests that hold a slot, the oldest first. */
  readonly #running = new Set<Pass>();
  readonly #aside = new Set<Pass>();
  /** Turns of events that were attempted before: they go first, but for probes. */
  readonly #tried = new Line<Turn>();
  readonly #fresh = new Line<Turn>();
  /** Turns of connections that are not quick. Empty while the backend is down. */
  readonly #slow = new Line<Turn>();
  readonly #hung = new Line<Turn>();
  #lanes = 0;
  #successes = 0;
  #sweptAtMs = -Infinity;
  #isStopped = false;
  #timer: { readonly atMs: number; readonly abort: AbortController } | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#state = upState(options.maxRequests);
  }

  get isDown(): boolean {
    return this.#state.name === 'down';
  }

  /** Requests that were answered for good. */
  get successes(): number {
    return this.#successes;
  }

  /** For a connection; it has one request at a time. */
  lane(): Lane {
    this.#lanes += 1;
    return { number: this.#lanes, pace: 'quick' };
  }

  /**
   * Waits for permission. Whoever gets a pass must {@link leave} with it.
   * @param turn `isTried`: there was an attempt before.
   */
  enter(
    lane: Lane,
    { isTried, untilMs }: { readonly isTried: boolean; readonly untilMs: number },
  ): Promise<Pass | NoPass> {
    if (this.#isStopped) return Promise.resolve('stopped');
    // In a turn of its own: there may be thousands behind it, as old as this one.
    if (this.isDown && this.#nowMs() > untilMs) return nextTurn('too-old');
    return new Promise((end) => {
      const line = isTried ? this.#tried : this.#fresh;
      (this.isDown ? line : this.#lineOf(lane, line)).push({ lane, untilMs, end });
      this.#admit();
    });
  }

  /** The request has ended. */
  leave(pass: Pass, end: RequestEnd): void {
    const { lane } = pass;
    if (!this.#running.delete(pass)) this.#aside.delete(pass);
    const isSlow = this.#nowMs() - pass.beganMs >= this.#options.slowRequestMs;
    if (typeof end === 'object' && end.failure === 'no-answer') lane.pace = 'hung';
    else if (isSlow) lane.pace = 'slow';
    else if (end === 'succeeded') lane.pace = 'quick';
    this.#happened(this.#eventOf(pass, end));
    if (end === 'succeeded') this.#successes += 1;
    this.#admit();
  }

  /** Lets nobody in any more; who waits is told so. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.abort.abort();
    for (const line of this.#lines) for (const { end } of line.takeWhere(() => true)) end('stopped');
  }

  get #lines(): readonly Line<Turn>[] {
    return [this.#tried, this.#fresh, this.#slow, this.#hung];
  }

  get #inFlight(): number {
    return this.#running.size + this.#aside.size;
  }

  #lineOf({ pace }: Lane, quick: Line<Turn>): Line<Turn> {
    if (pace === 'quick') return quick;
    return pace === 'slow' ? this.#slow : this.#hung;
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }

  #eventOf({ lane, outages, successes }: Pass, end: RequestEnd): OutageEvent {
    if (end === 'succeeded') return { type: 'succeeded' };
    if (end === 'dropped') return { type: 'dropped', outages };
    const { failure, retryAfterMs } = end;
    if (failure === 'unreachable' || failure === 'cut') return { type: 'lost', outages, retryAfterMs };
    const othersSucceeded = this.#successes > successes;
    return { type: 'failed', connection: lane.number, othersSucceeded, outages, retryAfterMs };
  }

  #happened(event: OutageEvent): void {
    const before = this.#state;
    const { retryMinMs, retryMaxMs, maxRequests, random } = this.#options;
    // Most requests succeed while all is well, and change nothing.
    this.#state = outageTransition(before, event, {
      nowMs: this.#nowMs(),
      random: event.type === 'succeeded' ? 0 : random(),
      retryMinMs,
      retryMaxMs,
      maxRequests,
    });
    if (this.isDown === (before.name === 'down')) return;
    if (this.isDown) this.#close();
    this.#options.onChange(this.isDown);
  }

  /** What runs holds up nothing more, and who waits aside takes part in the rotation of probes. */
  #close(): void {
    for (const pass of this.#running) this.#aside.add(pass);
    this.#running.clear();
    for (const line of [this.#slow, this.#hung]) {
      for (const turn of line.takeWhere(() => true)) this.#tried.push(turn);
    }
  }

  #admit(): void {
    if (this.#isStopped) return;
    if (this.isDown) this.#probe();
    else while (this.#admitOne());
    this.#setTimer();
  }

  #probe(): void {
    const nowMs = this.#nowMs();
    if (nowMs >= this.#sweptAtMs + sweepMs) this.#sweep(nowMs);
    const { probeAtMs } = this.#state;
    if (probeAtMs === undefined || nowMs < probeAtMs || this.#inFlight >= 2 * this.#options.maxRequests)
      return;
    // One that was never attempted first: those that were may be poison.
    const turn = this.#fresh.shift() ?? this.#tried.shift();
    if (!turn) return;
    this.#happened({ type: 'probe-began' });
    this.#begin(turn, this.#running);
  }

  #sweep(nowMs: number): void {
    this.#sweptAtMs = nowMs;
    for (const line of this.#lines) {
      for (const { end } of line.takeWhere(({ untilMs }) => nowMs > untilMs)) end('too-old');
    }
  }

  #admitOne(): boolean {
    const { maxRequests } = this.#options;
    if (this.#inFlight >= 2 * maxRequests) return false;
    const isUp = this.#state.name === 'up';
    this.#stepAside();
    const hasSlot = this.#running.size < this.#state.limit;
    const quick = hasSlot ? this.#nextQuick() : undefined;
    if (quick) return this.#begin(quick, this.#running);
    // Before all slots are open, nothing begins aside.
    const hasAside = isUp && this.#aside.size < maxRequests;
    const turn = hasAside || (hasSlot && !isUp) ? (this.#slow.shift() ?? this.#hung.shift()) : undefined;
    if (turn) return this.#begin(turn, hasAside ? this.#aside : this.#running);
    if (!hasSlot || this.#slow.length === 0 || this.#slowRunning >= maxRequests / 2) return false;
    const slow = this.#slow.shift();
    return slow !== undefined && this.#begin(slow, this.#running);
  }

  /** The next turn of a connection that is quick. Those that are not were not told apart while it was down. */
  #nextQuick(): Turn | undefined {
    for (;;) {
      const turn = this.#tried.shift() ?? this.#fresh.shift();
      if (!turn || turn.lane.pace === 'quick') return turn;
      this.#lineOf(turn.lane, this.#slow).push(turn);
    }
  }

  get #slowRunning(): number {
    let slow = 0;
    for (const pass of this.#running) if (pass.isSlow) slow += 1;
    return slow;
  }

  #begin({ lane, end }: Turn, where: Set<Pass>): true {
    const pass = {
      lane,
      beganMs: this.#nowMs(),
      isSlow: lane.pace !== 'quick',
      outages: this.#state.outages,
      successes: this.#successes,
    };
    where.add(pass);
    end(pass);
    return true;
  }

  /** When the oldest request has to step aside, if all slots are taken and somebody waits for one. */
  get #asideAtMs(): number {
    const { maxRequests, slowRequestMs } = this.#options;
    if (this.#running.size < this.#state.limit || this.#aside.size >= maxRequests) return Infinity;
    const slow = this.#state.name === 'up' ? 0 : this.#slow.length + this.#hung.length;
    if (this.#tried.length + this.#fresh.length + slow === 0) return Infinity;
    const [oldest] = this.#running;
    return oldest ? oldest.beganMs + slowRequestMs : Infinity;
  }

  #stepAside(): void {
    const atMs = this.#asideAtMs;
    if (atMs === Infinity || atMs > this.#nowMs()) return;
    const [oldest] = this.#running;
    if (!oldest) return;
    this.#running.delete(oldest);
    this.#aside.add(oldest);
  }

  /** When something is due that no request brings about. */
  get #dueAtMs(): number {
    if (!this.isDown) return this.#asideAtMs;
    if (this.#tried.length + this.#fresh.length === 0) return Infinity;
    const sweepAtMs = this.#sweptAtMs + sweepMs;
    return Math.min(this.#state.probeAtMs ?? Infinity, sweepAtMs);
  }

  /** One timer at most. One that has become needless is left to run out: to begin anew each time costs more. */
  #setTimer(): void {
    const atMs = this.#dueAtMs;
    if (atMs === Infinity || (this.#timer && this.#timer.atMs <= atMs)) return;
    this.#timer?.abort.abort();
    const timer = { atMs, abort: new AbortController() };
    this.#timer = timer;
    void this.#wake(timer.atMs - this.#nowMs(), timer.abort.signal);
  }

  async #wake(waitMs: number, signal: AbortSignal): Promise<void> {
    await this.#options.clock.wait(Math.max(0, waitMs), signal);
    if (signal.aborted) return;
    this.#timer = undefined;
    this.#admit();
  }
}
