import { type ClientMessage, clientEventType } from '@wsbroker/protocol';
import type { Broker } from '../api.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { EventQueue } from '../delivery/event-queue.ts';
import type { QueuedEvent } from '../delivery/queued-event.ts';
import type { HubConnection } from '../hub/connection.ts';
import type { Log } from '../ops/logger.ts';
import { isPromiseLike } from '../ops/promise-like.ts';
import { handlerLimit, within } from '../ops/time-limit.ts';

export interface ClientEventsContext {
  readonly broker: Broker;
  readonly log: Log;
  /** How long a handler may take to decide. */
  readonly handlerTimeoutMs: number;
  /** Where events go; without a backend handlers are all there is. */
  readonly delivery: Delivery | undefined;
}

/** What an event holds in memory beside its text. */
const eventOverheadBytes = 256;

type HandlerName = 'onClientConnect' | 'onClientMessage' | 'onClientDisconnect';

/**
 * What happens on one connection, told to the application's handlers and, as events, to the backend.
 *
 * A handler runs as soon as the thing happens; if it is async, its event keeps its place in the queue
 * until it has decided.
 */
export class ClientEvents {
  readonly #context: ClientEventsContext;
  readonly #connection: HubConnection;
  readonly #queue: EventQueue | undefined;
  #lastNumber = 0;

  constructor(context: ClientEventsContext, connection: HubConnection, onLeft: () => void) {
    this.#context = context;
    this.#connection = connection;
    this.#queue = context.delivery?.open(connection, onLeft);
  }

  /** Reading from the socket has to stop until the backend has caught up. */
  get isFull(): boolean {
    return (this.#queue?.isFull ?? false) || (this.#context.delivery?.isFull ?? false);
  }

  /** Reading may go on. */
  get isLow(): boolean {
    return (this.#queue?.isLow ?? true) && !this.#context.delivery?.isFull;
  }

  get waiting(): number {
    return this.#queue?.length ?? 0;
  }

  connected(): void {
    const { config } = this.#context.broker;
    const decision = config.onClientConnect
      ? this.#ask('onClientConnect', () => config.onClientConnect?.(this.#connection, this.#context.broker))
      : true;
    this.#forwardIf(decision, () => ({ type: 'session-connect' }), 0);
  }

  /** @param bytes The length of the message's text. */
  received(message: ClientMessage, bytes: number): void {
    const { config } = this.#context.broker;
    const decision = config.onClientMessage
      ? this.#ask('onClientMessage', () =>
          config.onClientMessage?.(message, this.#connection, this.#context.broker),
        )
      : true;
    this.#forwardIf(decision, () => ({ ...message, type: clientEventType(message.type) }), bytes);
  }

  disconnected(): void {
    const { config } = this.#context.broker;
    if (config.onClientDisconnect) {
      void this.#ask('onClientDisconnect', () =>
        config.onClientDisconnect?.(this.#connection, this.#context.broker),
      );
    }
    this.#forwardIf(true, () => ({ type: 'session-disconnect' }), 0);
  }

  /** What a handler decides; a throw or a rejection is logged, and keeps the event from the backend. */
  #ask(name: HandlerName, call: () => unknown): boolean | Promise<boolean> {
    const failed = (error: unknown): boolean => {
      this.#context.log.error({ wskey: this.#connection.wskey, error }, `! ${name} failed:`);
      return false;
    };
    try {
      const decision = call();
      if (!isPromiseLike(decision)) return Boolean(decision);
      return within(decision, handlerLimit(this.#context.handlerTimeoutMs)).then(Boolean, failed);
    } catch (error) {
      return failed(error);
    }
  }

  #forwardIf(
    decision: boolean | Promise<boolean>,
    message: () => { type: string; [field: string]: unknown },
    bytes: number,
  ): void {
    if (!this.#queue || decision === false) return;
    // Counted now and not when a handler has decided: ids then grow in the order in which events are sent.
    this.#lastNumber += 1;
    const id = `${this.#connection.wskey}-${this.#lastNumber}`;
    const event = (): QueuedEvent | undefined => this.#event(id, message);
    const held = bytes + eventOverheadBytes;
    if (decision !== true) {
      this.#queue.push(
        decision.then((yes) => (yes ? event() : undefined)),
        held,
      );
      return;
    }
    const decided = event();
    if (decided) this.#queue.push(decided, held);
  }

  #event(id: string, message: () => { type: string; [field: string]: unknown }): QueuedEvent | undefined {
    const { log } = this.#context;
    try {
      const event = message();
      log.debug({ event }, '↑ to backend');
      return { id, type: event.type, json: JSON.stringify(event) };
    } catch (error) {
      // A handler may have put something into the message that JSON cannot hold.
      log.error({ wskey: this.#connection.wskey, error }, '! the message cannot be sent to the backend:');
      return undefined;
    }
  }
}
