import { closeCodes, type SessionInfo } from '@wsbroker/protocol';
import { setTimeout as delay } from 'node:timers/promises';
import type { JournalContent } from '../delivery/journal/journal.ts';
import type { Admission } from './admission/admission.ts';
import type { Place } from './admission/places.ts';
import type { ClientContext } from './client-context.ts';
import { ConnectionKeys } from './connection-keys.ts';
import { sessionCookies } from './cookies.ts';
import { ClientHandshake } from './client-handshake.ts';
import { fingerprintOf } from './fingerprint.ts';
import { PlainClient } from './plain-client.ts';
import { SharedTexts } from './shared-texts.ts';
import type { ClientSocket } from './socket/socket.ts';
import { OpeningSocket } from './v1/opening-socket.ts';
import { TokenIndex } from './v1/resume-tokens.ts';
import { type Left, V1Client, type V1ClientInit, type V1Clients } from './v1/v1-client.ts';

/** How long the backend has to be in a state before clients are told: a restart is over before anybody would know. */
const statusDelayMs = 250;

export interface ClosePlan {
  readonly code: number;
  readonly reason: string;
  /** Closes are spread over so long: clients that all come back at once would be too many. */
  readonly spreadMs: number;
  /** Connections of clients that can resume stay in the journal for the next process. */
  readonly isKept: boolean;
}

/** Every client of this process, on a socket or waiting for one. */
export class Clients {
  readonly #context: ClientContext;
  readonly #admission: Admission;
  readonly #plain = new Set<PlainClient>();
  readonly #opening = new Map<ClientSocket, OpeningSocket>();
  readonly #v1: V1Clients = { all: new Set(), tokens: new TokenIndex(), isDownTold: false };
  readonly #keys = new ConnectionKeys();
  readonly #texts = new SharedTexts();
  #statusTimer: NodeJS.Timeout | undefined;

  constructor(context: ClientContext, admission: Admission) {
    this.#context = context;
    this.#admission = admission;
  }

  /** A client without a subprotocol of ours. */
  connectPlain(socket: ClientSocket, handshake: ClientHandshake): void {
    const sessionInfo = this.#sessionInfo(handshake);
    const clients = this.#plain;
    const client = new PlainClient({ context: this.#context, socket, sessionInfo, handshake, clients });
    clients.add(client);
    client.begin();
  }

  /** A client that speaks `wsbroker.v1`: what it wants is in its first frame. */
  connectV1(socket: ClientSocket, { handshake, place }: V1Handshake): void {
    const opening = new OpeningSocket(socket, {
      timeoutMs: this.#context.settings.handshakeTimeoutMs,
      opened: ({ token, received = 0 }) => {
        this.#opening.delete(socket);
        this.#open(socket, handshake, { token, received, place });
        this.settled(handshake);
      },
      closed: () => this.#opening.delete(socket),
    });
    this.#opening.set(socket, opening);
  }

  /** The first turn of a handshake is over. */
  settled(handshake: ClientHandshake): void {
    handshake.fold(this.#texts);
  }

  /** What a former process has left: pending events are delivered, and connections wait for their clients. */
  restore({ connections, events, failures }: JournalContent): void {
    const eventsOf = Map.groupBy(events, ({ wskey }) => wskey);
    const failuresOf = Map.groupBy(failures, ({ wskey }) => wskey);
    for (const connection of connections) {
      const { wskey, fingerprint } = connection;
      const sessionInfo = JSON.parse(connection.sessionInfo) as SessionInfo;
      const left = {
        connection,
        events: eventsOf.get(wskey) ?? [],
        failures: failuresOf.get(wskey) ?? [],
      };
      const place = this.#admission.places.place(undefined);
      this.#v1Client(
        { sessionInfo, handshake: ClientHandshake.restored(), fingerprint, place },
        left,
      ).restore(left);
    }
  }

  /** The backend went down, or is up again. */
  backendChanged(): void {
    clearTimeout(this.#statusTimer);
    const isDown = this.#context.delivery?.isBackendDown ?? false;
    if (isDown === this.#v1.isDownTold) return;
    this.#statusTimer = setTimeout(() => {
      this.#v1.isDownTold = isDown;
      for (const client of this.#v1.all) client.tellStatus(isDown ? 'down' : 'up');
    }, statusDelayMs);
  }

  /** Closes every client; resolves when their sockets have been told. */
  async close(plan: ClosePlan): Promise<void> {
    clearTimeout(this.#statusTimer);
    const { code, reason, spreadMs, isKept } = plan;
    for (const socket of this.#opening.keys()) socket.close(code, reason);
    const closes = [
      ...[...this.#plain].map((client) => () => client.leave(code, reason)),
      ...[...this.#v1.all].map((client) => () => {
        client.leave({ code, reason, retryAfterMs: Math.round(Math.random() * spreadMs), isKept });
        this.#v1.all.delete(client);
      }),
    ];
    const beganMs = performance.now();
    for (const [at, close] of closes.entries()) {
      const dueMs = beganMs + (spreadMs * at) / closes.length;
      const waitMs = dueMs - performance.now();
      if (waitMs >= 1) await delay(waitMs);
      close();
    }
  }

  #open(socket: ClientSocket, handshake: ClientHandshake, { token, received, place }: Opening): void {
    const { cookies } = this.#context.settings;
    const fingerprint = fingerprintOf(handshake.request, handshake.cookies, cookies);
    const known = token === undefined ? undefined : this.#v1.tokens.find(token);
    if (token !== undefined && known?.resume(socket, { handshake, fingerprint, token, received, place }))
      return;
    const full = place.take();
    if (full) {
      this.#admission.full(full, place.key);
      return socket.close(closeCodes.overloaded, 'overloaded');
    }
    const sessionInfo = this.#sessionInfo(handshake);
    this.#v1Client({ sessionInfo, handshake, fingerprint, place }).begin(socket, handshake);
  }

  #v1Client(init: Omit<V1ClientInit, 'clients'>, left?: Left): V1Client {
    const client = new V1Client(this.#context, { ...init, clients: this.#v1 }, left);
    this.#v1.all.add(client);
    return client;
  }

  /** Cookies first and under free names only; what is the broker's goes on top. */
  #sessionInfo(handshake: ClientHandshake): SessionInfo {
    const session = sessionCookies(handshake.cookies, this.#context.settings.cookies);
    return Object.assign(session, { ip: handshake.address, wskey: this.#keys.next() });
  }
}

/** What a client of `wsbroker.v1` begins with. */
interface Opening {
  readonly token: string | undefined;
  readonly received: number;
  readonly place: Place;
}

/** A handshake of a client of `wsbroker.v1`. */
interface V1Handshake {
  readonly handshake: ClientHandshake;
  /** Not taken yet when there was no room: the client may be one that is counted already. */
  readonly place: Place;
}

/** What clients are closed with when the broker stops. */
export const stopping = { code: closeCodes.goingAway, reason: 'the broker is closing' };
