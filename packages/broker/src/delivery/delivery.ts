import type { Backend } from '../backend/backend.ts';
import type { CommandContext } from '../commands/execute.ts';
import type { Log } from '../ops/logger.ts';
import type { Settings } from '../options.ts';
import { type Failed, isFailed, type Parcel } from './attempt.ts';
import { carryOut, type Subject } from './carry-out.ts';
import { type Clock, systemClock } from './clock.ts';
import { EventQueue, type QueueKeeper, type QueueListener } from './event-queue.ts';
import type { Fate, QueuedEvent } from './queued-event.ts';
import { QueuedTotal } from './queued-total.ts';
import { Requests } from './requests.ts';
import { RetryPlan } from './retry-plan.ts';
import { TraceIds } from './trace-ids.ts';
import { TroubleLog } from './trouble-log.ts';

export interface DeliveryOptions {
  readonly backend: Backend;
  readonly commands: CommandContext;
  readonly settings: Settings;
  readonly maxRequests: number;
  readonly log: Log;
  /** @default the machine's */
  readonly clock?: Clock;
  /** From 0 to 1. @default Math.random */
  readonly random?: () => number;
}

export interface StopOptions {
  /** How long what waits may take to be delivered. */
  readonly drainMs: number;
  /** A journal keeps what is not delivered: while the backend is down there is nothing to wait for. @default false */
  readonly isDurable?: boolean;
}

type DeadLetter = Omit<Extract<Fate, { outcome: 'dead-letter' }>, 'outcome'>;

/** After delivery was stopped, how long requests that run may take to end. */
const giveUpMs = 1_000;

const delivered: Fate = { outcome: 'delivered' };
const abandoned: Fate = { outcome: 'abandoned' };

/** Brings events to the backend, each connection's in order, and runs the commands that it answers. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #requests: Requests;
  readonly #total: QueuedTotal;
  readonly #keeper: QueueKeeper;
  readonly #trouble: TroubleLog;
  readonly #traceIds = new TraceIds();
  readonly #stopped = new AbortController();
  readonly #busy = new Set<EventQueue>();
  /** Events that still waited when the broker had to stop. */
  #abandoned = 0;
  #deadLetters = 0;
  #isStoppingDurable = false;
  #whenIdle: (() => void) | undefined;
  /** Runs when there is room again after {@link isFull}. */
  onRoom: () => void = () => {};
  /** Runs when {@link isBackendDown} has changed. */
  onBackendChange: (isDown: boolean) => void = () => {};

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    const { settings, maxRequests, log } = options;
    this.#trouble = new TroubleLog(log, this.#clock);
    this.#requests = new Requests({
      backend: options.backend,
      gate: {
        ...settings,
        maxRequests,
        clock: this.#clock,
        random: this.#random,
        onChange: (isDown) => this.#changed(isDown),
      },
      trouble: this.#trouble,
      signal: this.#stopped.signal,
    });
    this.#total = new QueuedTotal(settings.maxTotalQueuedBytes, () => this.onRoom());
    this.#keeper = this.#queueKeeper();
  }

  /** So much waits over all connections that none may add to it. */
  get isFull(): boolean {
    return this.#total.isFull;
  }

  /** Nothing will be delivered any more. */
  get isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  /** Events wait, and one request at a time looks whether the backend is back. */
  get isBackendDown(): boolean {
    return this.#requests.gate.isDown;
  }

  /** How many events were given up. */
  get deadLetters(): number {
    return this.#deadLetters;
  }

  /**
   * A queue for the events of one subject.
   * @param listener Told of each event that left it.
   */
  open(subject: Subject, listener?: QueueListener): EventQueue {
    return new EventQueue(this.#keeper, { subject, lane: this.#requests.gate.lane(), listener });
  }

  /** Waits until nothing is left to deliver, at most `drainMs`; then gives up what still waits. */
  async stop({ drainMs, isDurable = false }: StopOptions): Promise<void> {
    this.#isStoppingDurable = isDurable;
    if (!(isDurable && this.isBackendDown)) await this.#idle(drainMs);
    this.#stopped.abort();
    this.#requests.gate.stop();
    await this.#idle(giveUpMs);
    // What is busy still waits for a handler or a command of the application's that never ends.
    let left = this.#abandoned;
    for (const queue of this.#busy) {
      left += queue.length;
      queue.abandon();
    }
    if (left > 0) this.#logLeft(left, isDurable);
    await this.#options.backend.close();
  }

  #queueKeeper(): QueueKeeper {
    const { maxQueuedEvents, maxQueuedBytes } = this.#options.settings;
    return {
      maxEvents: maxQueuedEvents,
      maxBytes: maxQueuedBytes,
      total: this.#total,
      nowMs: () => this.#clock.nowMs(),
      deliver: ({ subject, lane }, event, queuedAtMs) =>
        this.#deliver({ event, subject, lane, traceId: this.#traceIds.next(16) }, queuedAtMs),
      busy: (queue) => this.#busy.add(queue),
      idle: (queue) => {
        this.#busy.delete(queue);
        if (this.#busy.size === 0) this.#whenIdle?.();
      },
    };
  }

  #logLeft(events: number, isDurable: boolean): void {
    const { log } = this.#options;
    if (isDurable)
      log.warn({}, `! ${events} events stay in the journal, to be delivered after the next start`);
    else log.error({}, `! ${events} events were not delivered before the broker closed`);
  }

  async #idle(timeoutMs: number): Promise<void> {
    if (this.#busy.size === 0) return;
    const idle = new Promise<void>((resolve) => (this.#whenIdle = resolve));
    const inTime = new AbortController();
    await Promise.race([idle, this.#clock.wait(timeoutMs, inTime.signal)]);
    inTime.abort();
  }

  #changed(isDown: boolean): void {
    if (isDown) this.#trouble.down(this.#requests.lastReason);
    else this.#trouble.up();
    if (isDown && this.#isStoppingDurable) this.#whenIdle?.();
    this.onBackendChange(isDown);
  }

  async #deliver(parcel: Parcel, queuedAtMs: number): Promise<Fate> {
    const { event } = parcel;
    const plan = new RetryPlan(this.#options.settings, queuedAtMs - (event.ageMs ?? 0));
    let isKnown = false;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#requests.attempt({
        parcel,
        attempt,
        isKnown,
        untilMs: plan.untilMs,
        traceIds: this.#traceIds,
      });
      isKnown ||= !(isFailed(answer) && answer.failure === 'unreachable');
      if (answer.outcome === 'too-old') return this.#giveUp(event, this.#tooOld(attempt - 1));
      if (answer.outcome === 'stopped' || (this.isStopped && isFailed(answer))) return this.#abandon();
      if (answer.outcome === 'alone') {
        this.#logRetry(event.id, answer.reason, { attempt, waitMs: 0 });
        continue;
      }
      if (answer.outcome === 'not-sent') {
        return this.#giveUp(event, { code: 'not-delivered', reason: answer.reason });
      }
      if (answer.outcome === 'delivered') {
        const done = carryOut(answer, parcel, this.#options);
        if (done) await done;
        return delivered;
      }
      if (!isFailed(answer) || isRefusal(event, answer)) {
        return this.#giveUp(event, { code: 'refused', reason: answer.reason, ...statusOf(answer) });
      }
      const waitMs = plan.waitMs(answer, {
        nowMs: this.#clock.nowMs(),
        successes: this.#requests.gate.successes,
        isDown: this.isBackendDown,
        random: this.#random,
      });
      if (waitMs === undefined) {
        const reason = `${answer.reason}, tried ${attempt} times`;
        return this.#giveUp(event, { code: 'not-delivered', reason, ...statusOf(answer) });
      }
      await this.#waitForRetry(event, answer.reason, { attempt, waitMs });
    }
  }

  async #waitForRetry(
    { id, type }: QueuedEvent,
    reason: string,
    { attempt, waitMs }: { readonly attempt: number; readonly waitMs: number },
  ): Promise<void> {
    this.#logRetry(id, reason, { attempt, waitMs });
    // An outage has a line of its own.
    if (this.isBackendDown) return;
    if (attempt === 1) this.#trouble.failed(id, type, reason);
    await this.#clock.wait(waitMs, this.#stopped.signal);
  }

  #logRetry(id: string, reason: string, facts: { readonly attempt: number; readonly waitMs: number }): void {
    const { attempt, waitMs } = facts;
    this.#options.log.debug({ id, attempt, waitMs: Math.round(waitMs), reason }, '! retry');
  }

  #abandon(): Fate {
    this.#abandoned += 1;
    return abandoned;
  }

  #tooOld(attempts: number): DeadLetter {
    const { maxEventAgeMs } = this.#options.settings;
    const reason = `the backend is down, and the event older than ${maxEventAgeMs} ms, tried ${attempts} times`;
    return { code: 'not-delivered', reason };
  }

  #giveUp({ id, type }: QueuedEvent, letter: DeadLetter): Fate {
    this.#deadLetters += 1;
    this.#options.log.error({ id, reason: letter.reason }, `! ${type} was not delivered and is given up:`);
    return { outcome: 'dead-letter', ...letter };
  }
}

/** Whoever is asked for permission means a no as such; of others it may be a deploy that is half done. */
const isRefusal = ({ isAuthorization }: QueuedEvent, { status }: Failed): boolean =>
  isAuthorization === true && (status === 401 || status === 403);

const statusOf = ({ status }: { readonly status?: number | undefined }): { readonly status?: number } =>
  status === undefined ? {} : { status };
