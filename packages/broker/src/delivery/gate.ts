import type { Failure } from '../backend/backend.ts';
import { InOrder } from '../ops/in-order.ts';
import type { Clock } from './clock.ts';
import { type OutageEvent, type OutageState, outageTransition, upState } from './outage.ts';
import type { Lane, Turn } from './turn.ts';
import { type BatchBounds, WaitingTurns } from './waiting-turns.ts';

export interface GateOptions<T extends Turn> {
  /** So many requests at once, and so many again that have stepped aside. */
  readonly maxRequests: number;
  /** A request that takes longer steps aside. */
  readonly slowRequestMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** What one request may bring at this time. */
  readonly batch: () => BatchBounds;
  /** The permission for one request: whoever gets it must {@link Gate.leave}, later. */
  readonly begin: (pass: Pass<T>) => void;
  /** The backend went down, or is there again. */
  readonly onChange: (isDown: boolean) => void;
}

/** The permission to run one request. */
export interface Pass<T extends Turn> {
  /** What it brings: one event, or several of as many connections. */
  readonly turns: readonly T[];
  readonly beganMs: number;
  /** Its connection was slow when it began. */
  readonly isSlow: boolean;
  /** What had happened before it began. */
  readonly outages: number;
  readonly successes: number;
}

/** What a request says about the backend. */
export type RequestEnd =
  | 'succeeded'
  /** Nothing: it was not sent, or broken off by us. */
  | 'dropped'
  | { readonly failure: Failure; readonly retryAfterMs?: number | undefined };

/** While the backend is down, events that grew too old are looked for no more often than this. */
const sweepMs = 1_000;

const succeeded: OutageEvent = { type: 'succeeded' };

/**
 * Where requests wait for permission to run, over all connections.
 *
 * At most `maxRequests` hold a slot. One that takes longer than `slowRequestMs` steps aside when others wait for
 * its slot, and the next one of its connection begins aside: hanging requests of some connections cannot take all
 * slots. Connections that are merely slow may have half of the slots as well, where nobody else wants them: they
 * may have been slow for a moment only, and must not wait for those that hang. When the backend is down one request
 * at a time goes out, the probe, each time of another connection; when it is back the slots open step by step.
 *
 * Where the backend takes several events in one request, those that come in the same turn of the event loop, and
 * those that wait for a slot, share one. Nothing waits for others to come.
 */
export class Gate<T extends Turn> {
  readonly #options: GateOptions<T>;
  #state: OutageState;
  /** Requests that hold a slot, the oldest first. */
  readonly #running = new InOrder<Pass<T>>();
  readonly #aside = new InOrder<Pass<T>>();
  readonly #waiting = new WaitingTurns<T>();
  #lanes = 0;
  #successes = 0;
  #sweptAtMs = -Infinity;
  #isStopped = false;
  #admitsSoon = false;
  #timer: { readonly atMs: number; readonly abort: AbortController } | undefined;

  constructor(options: GateOptions<T>) {
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

  /** Waits for permission. */
  enter(turn: T): void {
    if (this.#isStopped) turn.deny('stopped');
    // In a turn of its own: there may be thousands behind it, as old as this one.
    else if (this.isDown && this.#nowMs() > turn.untilMs) setImmediate(() => turn.deny('too-old'));
    else if (this.isDown) {
      this.#waiting.pushWhileDown(turn);
      this.#admit();
    } else {
      this.#waiting.push(turn);
      this.#admitWithOthers();
    }
  }

  /** The request has ended. */
  leave(pass: Pass<T>, end: RequestEnd): void {
    if (!this.#running.delete(pass)) this.#aside.delete(pass);
    const isSlow = this.#nowMs() - pass.beganMs >= this.#options.slowRequestMs;
    for (const { lane } of pass.turns) {
      if (typeof end === 'object' && end.failure === 'no-answer') lane.pace = 'hung';
      else if (isSlow) lane.pace = 'slow';
      else if (end === 'succeeded') lane.pace = 'quick';
    }
    this.#happened(this.#eventOf(pass, end));
    if (end === 'succeeded') this.#successes += 1;
    this.#admit();
  }

  /** Lets nobody in any more; who waits is told so. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.abort.abort();
    for (const turn of this.#waiting.takeWhere(() => true)) turn.deny('stopped');
  }

  get #inFlight(): number {
    return this.#running.size + this.#aside.size;
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }

  /** One for the whole request, whatever it brought. */
  #eventOf({ turns, outages, successes }: Pass<T>, end: RequestEnd): OutageEvent {
    if (end === 'succeeded') return succeeded;
    if (end === 'dropped') return { type: 'dropped', outages };
    const { failure, retryAfterMs } = end;
    if (failure === 'unreachable' || failure === 'cut') return { type: 'lost', outages, retryAfterMs };
    const othersSucceeded = this.#successes > successes;
    const connection = turns[0]?.lane.number ?? 0;
    return { type: 'failed', connection, othersSucceeded, outages, retryAfterMs };
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
    this.#waiting.mix();
  }

  /** At once, or, where requests may be shared, when all has come that comes in this turn of the event loop. */
  #admitWithOthers(): void {
    if (this.#admitsSoon) return;
    if (this.#options.batch().maxEvents === 1) {
      this.#admit();
      return;
    }
    this.#admitsSoon = true;
    setImmediate(() => {
      this.#admitsSoon = false;
      this.#admit();
    });
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
    const turn = this.#waiting.nextProbe();
    if (!turn) return;
    this.#happened({ type: 'probe-began' });
    turn.encode();
    this.#begin([turn], this.#running);
  }

  #sweep(nowMs: number): void {
    this.#sweptAtMs = nowMs;
    for (const turn of this.#waiting.takeWhere(({ untilMs }) => nowMs > untilMs)) turn.deny('too-old');
  }

  #admitOne(): boolean {
    const { maxRequests } = this.#options;
    if (this.#inFlight >= 2 * maxRequests) return false;
    const isUp = this.#state.name === 'up';
    this.#stepAside();
    const hasSlot = this.#running.size < this.#state.limit;
    const quick = hasSlot ? this.#waiting.nextQuick() : undefined;
    if (quick) return this.#beginWithOthers(quick, this.#running);
    // Before all slots are open, nothing begins aside.
    const hasAside = isUp && this.#aside.size < maxRequests;
    const turn = hasAside || (hasSlot && !isUp) ? this.#waiting.nextNotQuick() : undefined;
    if (turn) return this.#beginWithOthers(turn, hasAside ? this.#aside : this.#running);
    if (!hasSlot || this.#waiting.slow === 0 || this.#slowRunning >= maxRequests / 2) return false;
    const slow = this.#waiting.nextSlow();
    return slow !== undefined && this.#beginWithOthers(slow, this.#running);
  }

  get #slowRunning(): number {
    let slow = 0;
    for (const pass of this.#running) if (pass.isSlow) slow += 1;
    return slow;
  }

  #beginWithOthers(turn: T, where: InOrder<Pass<T>>): true {
    return this.#begin(this.#waiting.withOthers(turn, this.#options.batch()), where);
  }

  #begin(turns: readonly T[], where: InOrder<Pass<T>>): true {
    const pass = {
      turns,
      beganMs: this.#nowMs(),
      isSlow: turns[0]?.lane.pace !== 'quick',
      outages: this.#state.outages,
      successes: this.#successes,
    };
    where.add(pass);
    this.#options.begin(pass);
    return true;
  }

  /** When the oldest request has to step aside, if all slots are taken and somebody waits for one. */
  get #asideAtMs(): number {
    const { maxRequests, slowRequestMs } = this.#options;
    if (this.#running.size < this.#state.limit || this.#aside.size >= maxRequests) return Infinity;
    const slow = this.#state.name === 'up' ? 0 : this.#waiting.notQuick;
    if (this.#waiting.quick + slow === 0) return Infinity;
    const oldest = this.#running.first;
    return oldest ? oldest.beganMs + slowRequestMs : Infinity;
  }

  #stepAside(): void {
    const atMs = this.#asideAtMs;
    if (atMs === Infinity || atMs > this.#nowMs()) return;
    const oldest = this.#running.first;
    if (!oldest) return;
    this.#running.delete(oldest);
    this.#aside.add(oldest);
  }

  /** When something is due that no request brings about. */
  get #dueAtMs(): number {
    if (!this.isDown) return this.#asideAtMs;
    if (this.#waiting.quick === 0) return Infinity;
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
