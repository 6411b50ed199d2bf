import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Backend } from '../backend/backend.ts';
import { type CommandContext, executeCommands } from '../commands/execute.ts';
import type { Origin } from '../commands/target.ts';
import type { HubConnection } from '../hub/connection.ts';
import type { Log } from '../ops/logger.ts';
import type { Settings } from '../options.ts';
import { backoffMs } from './backoff.ts';
import { EventQueue } from './event-queue.ts';
import { Outage } from './outage.ts';
import type { QueuedEvent } from './queued-event.ts';
import { QueuedTotal } from './queued-total.ts';
import { Slots } from './slots.ts';

export interface DeliveryOptions {
  readonly backend: Backend;
  readonly commands: CommandContext;
  readonly settings: Settings;
  readonly maxRequests: number;
  readonly log: Log;
}

/** Who an event is about: a connection, or (for `sendBackendMessage`) none. */
export type Subject = HubConnection | { readonly sessionInfo: { readonly type: 'direct' } };

/** A half-finished deploy answers 404 or redirects for a while; longer than this it is meant. */
const briefMs = 60_000;

/** A backend that asks for more patience than this is asked again all the same. */
const maxRetryAfterMs = 60_000;

/** After delivery was stopped, how long requests that run may take to end. */
const giveUpMs = 1_000;

/** Brings events to the backend, each connection's in order, and runs the commands that it answers. */
export class Delivery {
  readonly #options: DeliveryOptions;
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
    this.#slots = new Slots(options.maxRequests);
    this.#outage = new Outage(options.log);
    this.#total = new QueuedTotal(options.settings.maxTotalQueuedBytes, () => this.onRoom());
  }

  /** So much waits over all connections that none may add to it. */
  get isFull(): boolean {
    return this.#total.isFull;
  }

  /**
   * A queue for the events of one subject.
   * @param onLeft Runs after each event that left it.
   */
  open(subject: Subject, onLeft: () => void = () => {}): EventQueue {
    const { maxQueuedEvents, maxQueuedBytes } = this.#options.settings;
    const queue: EventQueue = new EventQueue({
      deliver: (event) => this.#deliver(event, subject),
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
    if (this.#abandoned > 0) {
      this.#options.log.error({}, `! ${this.#abandoned} events were not delivered before the broker closed`);
    }
    await this.#options.backend.close();
  }

  async #idle(timeoutMs: number): Promise<void> {
    if (this.#busy.size === 0) return;
    const idle = new Promise<void>((resolve) => (this.#whenIdle = resolve));
    const inTime = new AbortController();
    await Promise.race([idle, delay(timeoutMs, undefined, { signal: inTime.signal }).catch(() => {})]);
    inTime.abort();
  }

  async #deliver(event: QueuedEvent, subject: Subject): Promise<void> {
    const { settings, log } = this.#options;
    let briefUntilMs: number | undefined;
    for (let attempt = 1; ; attempt += 1) {
      if (this.#stopped.signal.aborted) {
        this.#abandoned += 1;
        return;
      }
      const answer = await this.#slots.run(() => this.#attempt(event, subject, attempt));
      switch (answer.outcome) {
        case 'delivered':
          this.#outage.succeeded();
          return await this.#carryOut(answer, event, subject);
        case 'dead-letter':
          this.#outage.succeeded();
          return this.#giveUp(event, answer.reason);
        case 'retry':
        case 'retry-briefly': {
          if (this.#stopped.signal.aborted) break;
          this.#outage.failed(answer.reason);
          const bounds = { minMs: settings.retryMinMs, maxMs: settings.retryMaxMs };
          const waitMs = Math.max(
            backoffMs(attempt - 1, bounds, Math.random),
            Math.min(answer.retryAfterMs ?? 0, maxRetryAfterMs),
          );
          const nextMs = Date.now() + waitMs;
          if (answer.outcome === 'retry-briefly') briefUntilMs ??= Date.now() + briefMs;
          else briefUntilMs = undefined;
          if (nextMs > event.queuedAtMs + settings.maxEventAgeMs || nextMs > (briefUntilMs ?? Infinity)) {
            return this.#giveUp(event, `${answer.reason}, tried ${attempt} times`);
          }
          log.debug({ id: event.id, attempt, waitMs: Math.round(waitMs), reason: answer.reason }, '! retry');
          await delay(waitMs, undefined, { signal: this.#stopped.signal }).catch(() => {});
        }
      }
    }
  }

  /** `connection` is encoded at the moment of sending: the backend sees what it set a moment ago. */
  async #attempt(event: QueuedEvent, subject: Subject, attempt: number): Promise<Answer> {
    try {
      return await this.#options.backend.deliver(
        {
          id: event.id,
          attempt,
          messageJson: event.json,
          connectionJson: JSON.stringify(subject.sessionInfo),
        },
        this.#stopped.signal,
      );
    } catch (error) {
      // A handler of the application may have put something in `sessionInfo` that JSON cannot hold.
      return { outcome: 'dead-letter', reason: (error as Error).message };
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
