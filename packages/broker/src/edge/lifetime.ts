import { closeCodes } from '@wsbroker/protocol';
import type { Fate } from '../delivery/queued-event.ts';
import type { HubConnection } from '../hub/connection.ts';
import type { ClientContext } from './client-context.ts';
import type { ClientEvents, ResumeKeys } from './client-events.ts';
import type { EndReason } from './end-reason.ts';
import { isRefusedBy, refusalCode } from './refusal.ts';

/** Whose lifetime it is. */
export interface LifetimeOwner {
  readonly connection: HubConnection;
  readonly events: ClientEvents;
  /** The connection is connected: it can be reached, and may be read. */
  admitted(): void;
  /** With `authorize`: it will not be. */
  refused(code: number, reason: string): void;
}

/**
 * From the handshake to the last event: when the hub has the connection, and what the backend is told of it.
 *
 * With `authorize` a connection is pending until the backend has agreed: nobody can reach it, and a client that
 * leaves meanwhile gets its `session-disconnect` only if the backend agrees in the end.
 */
export class Lifetime {
  readonly #context: ClientContext;
  readonly #owner: LifetimeOwner;
  #state: 'pending' | 'open' | 'ended' = 'pending';
  #isAgreed = false;
  #isRefused = false;
  #endReason: EndReason | undefined;

  constructor(context: ClientContext, owner: LifetimeOwner) {
    this.#context = context;
    this.#owner = owner;
  }

  get isPending(): boolean {
    return this.#state === 'pending';
  }

  /** What the client sends is to be taken. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isEnded(): boolean {
    return this.#state === 'ended';
  }

  /** With what a `close` of the backend's closes. */
  closeCode(code: number): number {
    return this.#isRefused ? refusalCode(code) : code;
  }

  begin(keys: ResumeKeys, authorize: boolean): void {
    const { connection, events } = this.#owner;
    if (!authorize) {
      this.#admit();
      events.connected(keys);
      return;
    }
    this.#context.hub.hold(connection);
    events.connected(keys, {
      answered: (commands) => this.#answered(commands),
      ended: (fate) => this.#decided(fate),
    });
  }

  /** A connection that a former process has left. */
  restore(): void {
    this.#state = 'open';
    this.#context.hub.add(this.#owner.connection);
  }

  /** One that had ended there: its last events are to be delivered. */
  restoreEnded(): void {
    this.#state = 'ended';
    this.#context.hub.add(this.#owner.connection);
    this.#context.hub.leave(this.#owner.connection);
  }

  /** The client is gone, or has to go. Counts once. */
  end(reason: EndReason): void {
    if (this.#state === 'ended') return;
    const wasPending = this.#state === 'pending';
    this.#state = 'ended';
    const { connection, events } = this.#owner;
    const { hub, log } = this.#context;
    hub.leave(connection);
    log.debug({ wskey: connection.wskey }, '← connection closed');
    if (wasPending) this.#endReason = reason;
    else events.disconnected(reason);
    this.forgetIfDone();
  }

  /** To be called after each event that left the queue. */
  forgetIfDone(): void {
    const { connection, events } = this.#owner;
    if (this.#state === 'ended' && events.waiting === 0) this.#context.hub.forget(connection);
  }

  #admit(): void {
    const { connection } = this.#owner;
    const { hub, log } = this.#context;
    this.#isAgreed = true;
    if (this.#state === 'ended') return;
    this.#state = 'open';
    hub.add(connection);
    log.debug({ wskey: connection.wskey, ip: connection.session.ip }, '↪ new connection');
    this.#owner.admitted();
  }

  /** Before the commands run: those that follow may be meant for it. */
  #answered(commands: readonly unknown[]): void {
    this.#isRefused = isRefusedBy(commands, this.#owner.connection.session);
    if (!this.#isRefused) this.#admit();
    // Agreed to after the client had left: the backend is told that it has.
    if (this.#isAgreed && this.#endReason) this.#owner.events.disconnected(this.#endReason);
  }

  #decided(fate: Fate): void {
    if (this.#isAgreed || fate.outcome === 'abandoned') return;
    const { connection, events } = this.#owner;
    this.#state = 'ended';
    this.#context.hub.forget(connection);
    events.forgotten();
    const isNo = this.#isRefused || (fate.outcome === 'dead-letter' && fate.code === 'refused');
    if (isNo) this.#owner.refused(closeCodes.refused, 'refused');
    else this.#owner.refused(closeCodes.notAuthorized, 'not-authorized');
  }
}
