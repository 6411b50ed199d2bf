import type { Answer, Backend } from '../backend/backend.ts';
import { type CommandContext, executeCommands } from '../commands/execute.ts';
import type { Origin } from '../commands/target.ts';
import type { HubConnection } from '../hub/connection.ts';
import type { Log } from '../ops/logger.ts';
import { reasonOf } from '../ops/reason.ts';
import type { Settings } from '../options.ts';
import { type Clock, systemClock } from './clock.ts';
import { EventQueue } from './event-queue.ts';
import { Outage } from './outage.ts';
import type { QueuedEvent } from './queued-event.ts';
import { QueuedTotal } from './queued-total.ts';
import { RetryPlan } from './retry-plan.ts';
import { Slots } from './slots.ts';

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

/** An attempt that did not reach the backend. */
type NotSent = { readonly outcome: 'stopped' } | { readonly outcome: 'not-sent'; readonly reason: string };

/** Who an event is about: a connection, or (for `sendBackendMessage`) none. */
export type Subject = HubConnection | { readonly sessionInfo: { readonly type: 'direct' } };

/** After delivery was stopped, how long requests that run may take to end. */
const giveUpMs = 1_000;

/** Brings events to the backend, each connection's in order, and runs the commands that it answers. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #slots: Slots;
  readonly #total: QueuedTotal;
  readonly #outage: Outage;
  readonly #stopped = new AbortController();
  readonly #busy = new Set<EventQueue>();
  /** Events that still waited when the broker had to stop. */
  #abandoned = 0;
  #whenIdle: (() => void) | undefined;
  /** Runs when there is room again after {@link isFull}. */
  onRoom: () => void = () => {};

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#slots = new Slots(options.maxRequests);
    this.#outage = new Outage(options.log, this.#clock);
    this.#total = new QueuedTotal(options.settings.maxTotalQueuedBytes, () => this.onRoom());
  }

  /** So much waits over all connections that none may add to it. */
  get isFull(): boolean {
    return this.#total.isFull;
  }

  /** Nothing will be delivered any more. */
  get isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  /**
   * A queue for the events of one subject.
   * @param onLeft Runs after each event that left it.
   */
  open(subject: Subject, onLeft: () => void = () => {}): EventQueue {
    const { maxQueuedEvents, maxQueuedBytes } = this.#options.settings;
    const queue: EventQueue = new EventQueue({
      deliver: (event, queuedAtMs) => this.#deliver(event, queuedAtMs, subject),
      nowMs: () => this.#clock.nowMs(),
      maxEvents: maxQueuedEvents,
      maxBytes: maxQueuedBytes,
      total: this.#total,
      onLeft,
      onBusy: () => this.#busy.add(queue),
      onIdle: () => {
        this.#busy.delete(queue);
        if (this.#busy.size === 0) this.#whenIdle?.();
      },
    });
    return queue;
  }

  /** Waits until nothing is left to deliver, at most `drainMs`; then gives up what still waits. */
  async stop(drainMs: number): Promise<void> {
    await this.#idle(drainMs);
    this.#stopped.abort();
    await this.#idle(giveUpMs);
    // What is busy still waits for a handler or a command of the application's that never ends.
    const stuck = [...this.#busy].reduce((events, queue) => events + queue.length, 0);
    const lost = this.#abandoned + stuck;
    if (lost > 0) this.#options.log.error({}, `! ${lost} events were not delivered before the broker closed`);
    await this.#options.backend.close();
  }

  async #idle(timeoutMs: number): Promise<void> {
    if (this.#busy.size === 0) return;
    const idle = new Promise<void>((resolve) => (this.#whenIdle = resolve));
    const inTime = new AbortController();
    await Promise.race([idle, this.#clock.wait(timeoutMs, inTime.signal)]);
    inTime.abort();
  }

  async #deliver(event: QueuedEvent, queuedAtMs: number, subject: Subject): Promise<void> {
    const plan = new RetryPlan(this.#options.settings, queuedAtMs);
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#slots.run(() => this.#attempt(event, subject, attempt));
      switch (answer.outcome) {
        case 'stopped':
          this.#abandoned += 1;
          return;
        case 'not-sent':
          return this.#giveUp(event, answer.reason);
        case 'delivered':
          this.#outage.succeeded();
          return await this.#carryOut(answer, event, subject);
        case 'dead-letter':
          this.#outage.succeeded();
          return this.#giveUp(event, answer.reason);
        case 'retry':
        case 'retry-briefly': {
          // Cut off by `stop`: that says nothing about the backend.
          if (this.#stopped.signal.aborted) break;
          this.#outage.failed(answer.reason);
          const waitMs = plan.waitMs(answer, this.#clock.nowMs(), this.#random);
          if (waitMs === undefined) return this.#giveUp(event, `${answer.reason}, tried ${attempt} times`);
          const { reason } = answer;
          this.#options.log.debug({ id: event.id, attempt, waitMs: Math.round(waitMs), reason }, '! retry');
          await this.#clock.wait(waitMs, this.#stopped.signal);
        }
      }
    }
  }

  async #attempt(event: QueuedEvent, subject: Subject, attempt: number): Promise<Answer | NotSent> {
    const { signal } = this.#stopped;
    if (signal.aborted) return { outcome: 'stopped' };
    try {
      // Encoded at the moment of sending: the backend sees what it set a moment ago.
      const connectionJson = JSON.stringify(subject.sessionInfo);
      const { id, json: messageJson } = event;
      return await this.#options.backend.deliver({ id, attempt, messageJson, connectionJson }, signal);
    } catch (error) {
      // A handler of the application may have put something in `sessionInfo` that JSON cannot hold.
      return { outcome: 'not-sent', reason: reasonOf(error) };
    }
  }

  async #carryOut(
    { answer, problem }: Extract<Answer, { outcome: 'delivered' }>,
    event: QueuedEvent,
    subject: Subject,
  ): Promise<void> {
    const { log, commands } = this.#options;
    if (problem !== undefined || (!event.whenDone && !Array.isArray(answer))) {
      const why = problem ?? `its answer is ${kindOf(answer)}`;
      log.warn(
        { id: event.id },
        `! backend answered ${event.type}, but ${why}: expected a JSON list of commands, such as [{"type":"log","text":"hello"}], or nothing;`,
      );
    }
    // Not waited for: what it does is no part of the delivery.
    if (event.whenDone) void this.#callBack(event.whenDone, answer);
    if (event.whenDone || !Array.isArray(answer)) return;
    const origin: Origin = 'wskey' in subject ? { connection: subject } : 'nobody';
    await executeCommands(commands, answer, origin);
  }

  async #callBack(whenDone: (answer: unknown) => unknown, answer: unknown): Promise<void> {
    try {
      await whenDone(answer);
    } catch (error) {
      this.#options.log.error({ error }, '! the callback of sendBackendMessage failed:');
    }
  }

  #giveUp(event: QueuedEvent, reason: string): void {
    this.#options.log.error({ id: event.id, reason }, `! ${event.type} was not delivered and is given up:`);
  }
}

const kindOf = (value: unknown): string => (value === null ? 'null' : `a JSON ${typeof value}`);
