import { clientEventType } from '@wsbroker/protocol';
import type { Broker } from '../api.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { EventQueue, QueueListener } from '../delivery/event-queue.ts';
import type { Journal, JournalChange, StoredConnection, StoredEvent } from '../delivery/journal/journal.ts';
import type { Fate, QueuedEvent } from '../delivery/queued-event.ts';
import type { HubConnection } from '../hub/connection.ts';
import { type Log, showsDebug } from '../ops/logger.ts';
import type { TakenMessage } from './client-message.ts';
import type { EndReason } from './end-reason.ts';
import {
  type Authorization,
  type Failure,
  MessageRecord,
  noReply,
  type NumberedEvent,
} from './message-record.ts';
import type { ReceiptsOwner } from './receipts.ts';
import { type HandlerCall, type Verdict, verdictOf } from './verdict.ts';

export interface ClientEventsContext {
  readonly broker: Broker;
  readonly log: Log;
  /** How long a handler may take to decide. */
  readonly handlerTimeoutMs: number;
  /** Where events go; without a backend handlers are all there is. */
  readonly delivery: Delivery | undefined;
  readonly journal: Journal | undefined;
}

/** Whose events they are, and where the client is told what became of its messages. */
export type ClientEventsOwner = QueueListener & ReceiptsOwner;

export interface ClientEventsInit {
  readonly connection: HubConnection;
  readonly owner: ClientEventsOwner;
}

/** What the journal keeps so that a client can resume. */
export type ResumeKeys = Pick<StoredConnection, 'tokenHashes' | 'fingerprint'>;

/** What an event holds in memory beside its text. */
const eventOverheadBytes = 256;

/** Something that happened, on its way to being an event. */
interface Happening {
  /** Builds the event, once it is decided that there is to be one. May throw. */
  readonly event: () => { type: string; [field: string]: unknown };
  /** The event as it was written, where nobody can have changed it since. */
  readonly written?: { readonly type: string; readonly json: string } | undefined;
  readonly bytes: number;
  /** The client's message that it is, by count. */
  readonly message?: number;
  readonly request?: number | undefined;
  readonly reason?: EndReason;
  /** Journalled with it, event or not. */
  readonly change?: () => JournalChange;
  readonly authorization?: Authorization | undefined;
}

const handlerFailed: Failure = {
  code: 'handler-failed',
  text: 'A handler of the application failed: the message was not processed',
};

/** The same, for `authorize`: nobody has agreed to the connection. */
const notAgreed: Fate = {
  outcome: 'dead-letter',
  code: 'handler-failed',
  reason: 'a handler of the application failed',
};

/**
 * What happens on one connection, told to the application's handlers and, as events, to the backend.
 *
 * A handler runs as soon as the thing happens; if it is async, its event keeps its place in the queue until it
 * has decided. With a journal an event is delivered, and a message acknowledged, only after its commit.
 */
export class ClientEvents {
  readonly #context: ClientEventsContext;
  readonly #connection: HubConnection;
  readonly #record: MessageRecord;
  readonly #queue: EventQueue | undefined;
  #received = 0;
  #lastEvent = 0;
  /** Happenings whose handlers are still deciding, and the last of them. */
  #undecided = 0;
  #lastDecision: Promise<unknown> | undefined;

  constructor(context: ClientEventsContext, { connection, owner }: ClientEventsInit) {
    this.#context = context;
    this.#connection = connection;
    this.#record = new MessageRecord(connection, owner, context.journal);
    this.#queue = context.delivery?.open(connection, owner);
  }

  /** Reading from the socket has to stop until the backend, or the disk, has caught up. */
  get isFull(): boolean {
    const { delivery, journal } = this.#context;
    return (this.#queue?.isFull ?? false) || (delivery?.isFull ?? false) || (journal?.isStuck ?? false);
  }

  /** Reading may go on. */
  get isLow(): boolean {
    const { delivery, journal } = this.#context;
    return (this.#queue?.isLow ?? true) && !delivery?.isFull && !journal?.isStuck;
  }

  get waiting(): number {
    return this.#queue?.length ?? 0;
  }

  /** How many messages of the client were counted. */
  get received(): number {
    return this.#received;
  }

  /** Goes on where a former process stopped. */
  restore(stored: StoredConnection, events: readonly StoredEvent[]): void {
    this.#received = stored.received;
    this.#lastEvent = stored.lastEvent;
    this.#record.restore(stored);
    for (const event of events) {
      const ageMs = Math.max(0, Date.now() - event.happenedAtMs);
      this.#queue?.push({ ...this.#record.queued(event), ageMs }, event.json.length + eventOverheadBytes);
    }
  }

  connected(keys: ResumeKeys, authorization?: Authorization): void {
    const { broker } = this.#context;
    this.#happened(
      {
        event: () => ({ type: 'session-connect' }),
        bytes: 0,
        change: () => this.#record.opening({ ...keys, lastEvent: this.#lastEvent, received: this.#received }),
        authorization,
      },
      broker.config.onClientConnect
        ? this.#ask('onClientConnect', () => broker.config.onClientConnect?.(this.#connection, broker))
        : 'forward',
    );
  }

  /**
   * A message of the client.
   * @param bytes The length of its text.
   * @param request The id under which the client wants the reply.
   */
  messaged({ message, eventJson }: TakenMessage, bytes: number, request?: number): void {
    this.#received += 1;
    const { broker } = this.#context;
    const isAsked = broker.config.onClientMessage !== undefined;
    this.#happened(
      {
        event: () => ({ ...message, type: clientEventType(message.type) }),
        // A handler may change the message, also after it has been asked.
        written: isAsked ? undefined : { type: clientEventType(message.type), json: eventJson },
        bytes,
        message: this.#received,
        request,
      },
      isAsked
        ? this.#ask('onClientMessage', () =>
            broker.config.onClientMessage?.(message, this.#connection, broker),
          )
        : 'forward',
    );
  }

  /** A message of the client's that cannot be taken. It counts all the same. */
  refused(failure: Failure): void {
    this.#received += 1;
    const n = this.#received;
    const { wskey } = this.#connection;
    this.#context.log.debug({ wskey, ...failure }, '! refused a message from client');
    const conclude = (): void => this.#record.conclude(n, failure);
    if (this.#undecided === 0 || !this.#lastDecision) conclude();
    else this.#lastDecision = this.#lastDecision.then(conclude);
  }

  /** The connection is over: its last event. */
  disconnected(reason: EndReason): void {
    const { broker } = this.#context;
    if (broker.config.onClientDisconnect) {
      void this.#ask('onClientDisconnect', () =>
        broker.config.onClientDisconnect?.(this.#connection, broker),
      );
    }
    const { wskey } = this.#connection;
    this.#happened(
      {
        event: () => ({ type: 'session-disconnect' }),
        bytes: 0,
        reason,
        change: () => ({ kind: 'end', wskey }),
      },
      'forward',
    );
  }

  /** The connection never was: the backend refused it. */
  forgotten(): void {
    this.#record.write({ kind: 'end', wskey: this.#connection.wskey });
  }

  /** Keeps `sessionInfo` in the journal, if it has changed. */
  keepSession(): void {
    this.#record.keepSession();
  }

  #ask(name: HandlerCall['name'], call: () => unknown): Verdict | Promise<Verdict> {
    return verdictOf({ name, wskey: this.#connection.wskey, call }, this.#context);
  }

  /** Decides at once where it can; else the happening keeps its place. */
  #happened(happening: Happening, verdict: Verdict | Promise<Verdict>): void {
    const bytes = happening.bytes + eventOverheadBytes;
    if (this.#undecided === 0 && typeof verdict === 'string') {
      const event = this.#decide(happening, verdict);
      if (event) this.#queue?.push(event, bytes);
      return;
    }
    // Wrapped: what is decided next need not wait for the commit of this one.
    const decision = Promise.all([this.#lastDecision, verdict]).then(([, decided]) => {
      this.#undecided -= 1;
      return { event: this.#decide(happening, decided) };
    });
    this.#undecided += 1;
    this.#lastDecision = decision;
    this.#queue?.push(
      decision.then(({ event }) => event),
      bytes,
    );
  }

  #decide(happening: Happening, verdict: Verdict): QueuedEvent | Promise<QueuedEvent> | undefined {
    const { message, request, authorization } = happening;
    const changes = happening.change && this.#context.journal ? [happening.change()] : [];
    const event = verdict === 'forward' && this.#queue ? this.#numbered(happening) : verdict;
    if (typeof event !== 'string') {
      const taken = this.#record.take(event, changes);
      const queued = this.#record.queued(event, authorization);
      return taken ? taken.then(() => queued) : queued;
    }
    if (event === 'failed') authorization?.ended(notAgreed);
    else authorization?.answered([]);
    // A handler has no way to reply: who asked is told, and does not wait for ever.
    const failure = event === 'failed' ? handlerFailed : request === undefined ? undefined : noReply;
    this.#record.conclude(message, failure, changes);
    return undefined;
  }

  #numbered(happening: Happening): NumberedEvent | 'failed' {
    const { log } = this.#context;
    try {
      const { type, json } = this.#told(happening);
      // Counted when it is decided: ids then grow in the order in which events are sent.
      this.#lastEvent += 1;
      const { message, request, reason } = happening;
      return { number: this.#lastEvent, type, json, message, request, reason };
    } catch (error) {
      // A handler may have put something into the message that JSON cannot hold.
      log.error({ wskey: this.#connection.wskey, error }, '! the message cannot be sent to the backend:');
      return 'failed';
    }
  }

  #told({ event: eventOf, written }: Happening): { readonly type: string; readonly json: string } {
    const { log } = this.#context;
    // Not built where it is neither shown nor encoded.
    if (written && !showsDebug(log)) return written;
    const event = eventOf();
    log.debug({ event }, '↑ to backend');
    return written ?? { type: event.type, json: JSON.stringify(event) };
  }
}
