import { type ClientMessage, clientEventType, type ErrorCode } from '@wsbroker/protocol';
import type { Broker } from '../api.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { EventQueue } from '../delivery/event-queue.ts';
import type { Journal, JournalChange, StoredConnection, StoredEvent } from '../delivery/journal/journal.ts';
import type { Fate, QueuedEvent } from '../delivery/queued-event.ts';
import type { HubConnection } from '../hub/connection.ts';
import type { Log } from '../ops/logger.ts';
import { isPromiseLike } from '../ops/promise-like.ts';
import { handlerLimit, within } from '../ops/time-limit.ts';
import type { Receipts } from './receipts.ts';

export interface ClientEventsContext {
  readonly broker: Broker;
  readonly log: Log;
  /** How long a handler may take to decide. */
  readonly handlerTimeoutMs: number;
  /** Where events go; without a backend handlers are all there is. */
  readonly delivery: Delivery | undefined;
  readonly journal: Journal | undefined;
}

/** Why a connection ended, as the backend is told. */
export type EndReason = 'client-left' | 'connection-lost' | 'closed' | 'broker-closed' | 'broker-restarted';

/** What an event holds in memory beside its text. */
const eventOverheadBytes = 256;

type HandlerName = 'onClientConnect' | 'onClientMessage' | 'onClientDisconnect';

/** What a handler made of something: the backend is to hear of it, it was dealt with, or the handler threw. */
type Verdict = 'forward' | 'handled' | 'failed';

/** Something that happened, on its way to being an event. */
interface Happening {
  /** Builds the event, once it is decided that there is to be one. May throw. */
  readonly event: () => { type: string; [field: string]: unknown };
  readonly bytes: number;
  /** The client's message that it is, by count. */
  readonly message?: number;
  readonly request?: number | undefined;
  readonly reason?: EndReason;
  /** Journalled with it, event or not. */
  readonly changes?: () => JournalChange[];
  readonly authorization?: Authorization | undefined;
}

/** Asks the backend whether the connection may be. */
export interface Authorization {
  /** The backend has answered with these commands, which are about to run. */
  answered(commands: readonly unknown[]): void;
  /** That is over: answered, or never to be. */
  ended(fate: Fate): void;
}

/**
 * What happens on one connection, told to the application's handlers and, as events, to the backend.
 *
 * A handler runs as soon as the thing happens; if it is async, its event keeps its place in the queue until it
 * has decided. With a journal an event is delivered, and a message acknowledged, only after its commit.
 */
export class ClientEvents {
  readonly #context: ClientEventsContext;
  readonly #connection: HubConnection;
  readonly #receipts: Receipts;
  readonly #queue: EventQueue | undefined;
  #received = 0;
  #lastEvent = 0;
  /** Happenings whose handlers are still deciding, and the last of them. */
  #undecided = 0;
  #lastDecision: Promise<unknown> = Promise.resolve();
  /** As it is in the journal. */
  #storedSession = '';

  constructor(
    context: ClientEventsContext,
    connection: HubConnection,
    receipts: Receipts,
    onLeft: () => void,
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#receipts = receipts;
    this.#queue = context.delivery?.open(connection, onLeft);
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
    this.#storedSession = stored.sessionInfo;
    for (const event of events) {
      const { number, message, request, reason, type, json } = event;
      const ageMs = Math.max(0, Date.now() - event.happenedAtMs);
      const queued = { ...this.#queuedEvent({ number, message, request, reason, type, json }), ageMs };
      this.#queue?.push(queued, json.length + eventOverheadBytes);
    }
  }

  /** @param stored What the journal is to keep of the connection. */
  connected(
    stored: Pick<StoredConnection, 'tokenHashes' | 'fingerprint'>,
    authorization?: Authorization,
  ): void {
    const { config } = this.#context.broker;
    const verdict = config.onClientConnect
      ? this.#ask('onClientConnect', () => config.onClientConnect?.(this.#connection, this.#context.broker))
      : 'forward';
    const open = (): JournalChange => {
      const { wskey } = this.#connection;
      this.#storedSession = this.#sessionJson();
      return {
        kind: 'open',
        wskey,
        sessionInfo: this.#storedSession,
        lastEvent: this.#lastEvent,
        received: this.#received,
        ...stored,
      };
    };
    this.#happened(
      { event: () => ({ type: 'session-connect' }), bytes: 0, changes: () => [open()], authorization },
      verdict,
    );
  }

  /**
   * A message of the client.
   * @param bytes The length of its text.
   * @param request The id under which the client wants the reply.
   */
  messaged(message: ClientMessage, bytes: number, request?: number): void {
    this.#received += 1;
    const { config } = this.#context.broker;
    const verdict = config.onClientMessage
      ? this.#ask('onClientMessage', () =>
          config.onClientMessage?.(message, this.#connection, this.#context.broker),
        )
      : 'forward';
    this.#happened(
      {
        event: () => ({ ...message, type: clientEventType(message.type) }),
        bytes,
        message: this.#received,
        request,
      },
      verdict,
    );
  }

  /** A message of the client's that cannot be taken. It counts all the same. */
  refused(code: ErrorCode, text: string): void {
    this.#received += 1;
    const { wskey } = this.#connection;
    this.#context.log.debug({ wskey, code, text }, '! refused a message from client');
    const n = this.#received;
    this.#inOrder(() => this.#conclude(n, { code, text }));
  }

  /** The connection is over: its last event. */
  disconnected(reason: EndReason): void {
    const { config } = this.#context.broker;
    if (config.onClientDisconnect) {
      void this.#ask('onClientDisconnect', () =>
        config.onClientDisconnect?.(this.#connection, this.#context.broker),
      );
    }
    this.#happened(
      {
        event: () => ({ type: 'session-disconnect' }),
        bytes: 0,
        reason,
        changes: () => [{ kind: 'end', wskey: this.#connection.wskey }],
      },
      'forward',
    );
  }

  /** The connection never was: the backend refused it. */
  forgotten(): void {
    void this.#context.journal?.write({ kind: 'end', wskey: this.#connection.wskey });
  }

  /** Keeps `sessionInfo` in the journal, if it has changed. */
  keepSession(): void {
    const { journal } = this.#context;
    // Before the connection is in the journal, its row takes `sessionInfo` along.
    if (!journal || this.#storedSession === '') return;
    const change = this.#sessionChange();
    if (change) void journal.write(change);
  }

  /** What a handler decides; a throw or a rejection is logged, and keeps the event from the backend. */
  #ask(name: HandlerName, call: () => unknown): Verdict | Promise<Verdict> {
    const decided = (decision: unknown): Verdict => (decision ? 'forward' : 'handled');
    const failed = (error: unknown): Verdict => {
      this.#context.log.error({ wskey: this.#connection.wskey, error }, `! ${name} failed:`);
      return 'failed';
    };
    try {
      const decision = call();
      if (!isPromiseLike(decision)) return decided(decision);
      return within(decision, handlerLimit(this.#context.handlerTimeoutMs)).then(decided, failed);
    } catch (error) {
      return failed(error);
    }
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

  #inOrder(act: () => void): void {
    if (this.#undecided === 0) return act();
    this.#lastDecision = this.#lastDecision.then(act);
  }

  #decide(happening: Happening, verdict: Verdict): QueuedEvent | Promise<QueuedEvent> | undefined {
    const changes = happening.changes?.() ?? [];
    const event = verdict === 'forward' && this.#queue ? this.#encoded(happening) : verdict;
    if (typeof event === 'string') {
      const { message, request, authorization } = happening;
      if (event === 'failed') authorization?.ended(handlerFailed);
      else authorization?.answered([]);
      // A handler has no way to reply: who asked is told, and does not wait for ever.
      const failure = event === 'failed' ? handlerFailed : request === undefined ? undefined : noReply;
      this.#conclude(message, failure, changes);
      return undefined;
    }
    const { journal } = this.#context;
    const { message } = happening;
    const queued = this.#queuedEvent(event, happening.authorization);
    if (!journal) {
      if (message !== undefined) this.#receipts.taken(message);
      return queued;
    }
    const session = changes.length === 0 ? this.#sessionChange() : undefined;
    const { wskey } = this.#connection;
    const stored: JournalChange = { kind: 'event', wskey, happenedAtMs: Date.now(), ...event };
    return journal.write(...(session ? [session] : []), ...openFirst(changes, stored)).then(() => {
      if (message !== undefined) this.#receipts.taken(message);
      return queued;
    });
  }

  /** Ends what makes no event: a message that was handled here, or that failed. */
  #conclude(
    message: number | undefined,
    failure: { readonly code: ErrorCode; readonly text: string } | undefined,
    changes: JournalChange[] = [],
  ): void {
    const { wskey } = this.#connection;
    if (message !== undefined) changes.push({ kind: 'received', wskey, received: message });
    if (message !== undefined && failure) changes.push({ kind: 'failed', wskey, message, ...failure });
    const told = (): void => {
      if (message === undefined) return;
      if (failure) this.#receipts.failed(message, failure.code, failure.text);
      this.#receipts.taken(message);
      if (!failure) this.#receipts.delivered(message);
    };
    const { journal } = this.#context;
    if (journal && changes.length > 0) void journal.write(...changes).then(told);
    else told();
  }

  #encoded(happening: Happening): Numbered | 'failed' {
    const { log } = this.#context;
    try {
      const event = happening.event();
      log.debug({ event }, '↑ to backend');
      const json = JSON.stringify(event);
      // Counted when it is decided: ids then grow in the order in which events are sent.
      this.#lastEvent += 1;
      const { message, request, reason } = happening;
      return { number: this.#lastEvent, type: event.type, json, message, request, reason };
    } catch (error) {
      // A handler may have put something into the message that JSON cannot hold.
      log.error({ wskey: this.#connection.wskey, error }, '! the message cannot be sent to the backend:');
      return 'failed';
    }
  }

  #queuedEvent(event: Numbered, authorization?: Authorization): QueuedEvent {
    const { wskey } = this.#connection;
    const { type, json, request, reason } = event;
    let isReplied = false;
    return {
      id: `${wskey}-${event.number}`,
      type,
      json,
      request,
      reason,
      isAuthorization: authorization !== undefined,
      onAnswer: authorization && ((commands) => authorization.answered(commands)),
      onReply:
        request === undefined
          ? undefined
          : (message) => {
              isReplied = true;
              this.#receipts.reply(request, message);
            },
      onSettled: (fate) => {
        this.#settled(event, fate, request !== undefined && !isReplied);
        authorization?.ended(fate);
      },
    };
  }

  #settled({ number, message }: Numbered, fate: Fate, lacksReply: boolean): void {
    if (fate.outcome === 'abandoned') return;
    const { wskey } = this.#connection;
    const failure =
      fate.outcome === 'dead-letter'
        ? { code: fate.code, text: `The backend did not process it: ${fate.reason}` }
        : lacksReply
          ? noReply
          : undefined;
    const changes: JournalChange[] = [
      fate.outcome === 'delivered'
        ? { kind: 'delivered', wskey, number }
        : { kind: 'dead-letter', wskey, number, why: fate.reason },
    ];
    if (message !== undefined && failure) changes.push({ kind: 'failed', wskey, message, ...failure });
    void this.#context.journal?.write(...changes);
    if (message === undefined) return;
    if (failure) this.#receipts.failed(message, failure.code, failure.text);
    else this.#receipts.delivered(message);
  }

  #sessionJson(): string {
    try {
      return JSON.stringify(this.#connection.sessionInfo);
    } catch {
      // A handler has put something into it that JSON cannot hold; delivery says so.
      return this.#storedSession || '{}';
    }
  }

  #sessionChange(): JournalChange | undefined {
    const sessionInfo = this.#sessionJson();
    if (sessionInfo === this.#storedSession) return undefined;
    this.#storedSession = sessionInfo;
    return { kind: 'session', wskey: this.#connection.wskey, sessionInfo };
  }
}

/** An event that has its number. */
interface Numbered {
  readonly number: number;
  readonly type: string;
  readonly json: string;
  readonly message?: number | undefined;
  readonly request?: number | undefined;
  readonly reason?: string | undefined;
}

const handlerFailed = {
  outcome: 'dead-letter',
  code: 'handler-failed',
  reason: 'a handler of the application failed',
  text: 'A handler of the application failed: the message was not processed',
} as const;

const noReply = {
  code: 'no-reply',
  text: 'The backend processed the request and gave no reply',
} as const;

/** The row of a connection comes before its first event, and goes with its last. */
const openFirst = (changes: readonly JournalChange[], event: JournalChange): JournalChange[] =>
  changes[0]?.kind === 'open' ? [...changes, event] : [event, ...changes];
