import { type Client, ClientError, createClient, type Sent } from '@wsbroker/client-browser';
import type { ClientMessageOf } from '@wsbroker/protocol';
import type { contract } from '../contract.ts';
import { firstRoom } from '../fields.ts';
import {
  type ChatAction,
  type ChatState,
  initialState,
  type PendingLine,
  reduce,
  type Tick,
  tickOf,
} from './chat-state.ts';
import { type Memory, newLineId } from './memory.ts';

export type ChatClient = Client<typeof contract>;
type ClientMessage = ClientMessageOf<typeof contract>;

export interface ChatOptions {
  readonly url: string;
  readonly memory: Memory;
  /** The room of the page's address, if there is one. */
  readonly room: string | undefined;
  readonly createClient?: (options: Parameters<typeof createClient<typeof contract>>[0]) => ChatClient;
}

/** While somebody types, how often the others are told. */
const typingEveryMs = 2_500;
/** The backend may be away for long, and the request waits for it. */
const fetchTimeoutMs = 86_400_000;

/**
 * The chat as this tab sees it: what is shown, and the way to the backend.
 *
 * The client keeps each line until the broker has acknowledged it, over any number of sockets, and tells how far
 * it has come. What is here is for the few times when a connection ends with its lines unsettled: a page that is
 * loaded again, a laptop that slept, a name that was refused. Such lines are sent again, in order, once this
 * connection has entered; the backend tells by their ids which of them it has.
 */
export class Chat {
  readonly client: ChatClient;
  readonly #memory: Memory;
  readonly #token: string;
  readonly #listeners = new Set<() => void>();
  /** Lines that are the client's to bring on, by id. */
  readonly #inHand = new Map<string, Sent>();
  #state: ChatState;
  #typedAtMs = 0;

  constructor({ url, memory, room, createClient: create = createClient<typeof contract> }: ChatOptions) {
    const { token, wish, pending } = memory.load();
    this.#memory = memory;
    this.#token = token;
    this.#state = initialState(wish && { ...wish, room: room ?? wish.room }, pending);
    this.client = create({
      url,
      autoConnect: false,
      // Few people, and all of them watch: they need not be spread over twenty seconds.
      backoff: { maxMs: 2_000 },
      firstMessages: () => {
        this.#dispatch({ type: 'lost' });
        return this.#state.wish ? [this.#enterMessage(this.#state.wish)] : [];
      },
    });
    this.client.on('*', (message) => {
      if (message.type === 'broker-error') return;
      if (message.type === 'not-said') this.#inHand.delete(message.id);
      this.#dispatch(message);
      if (message.type === 'entered') this.#sendWaiting();
    });
    this.client.onGap(({ resumed }) => {
      this.#dispatch({ type: 'lost' });
      // A new connection has begun with `enter`, and is answered with as much.
      if (resumed) void this.#fetchState();
    });
    if (!this.#state.wish) return;
    // Before anything that is written from now on.
    this.#sendWaiting();
    this.client.connect();
  }

  /** For React's `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  readonly getState = (): ChatState => this.#state;

  /** The name to propose where none has been said. */
  get lastName(): string {
    return this.#memory.lastName;
  }

  /** Be called so, and be in this room. */
  enter(name: string, room: string = firstRoom): void {
    this.#dispatch({ type: 'wished', wish: { name, room } });
    const { state } = this.client.status;
    // The first messages of the connection tell it.
    if (state === 'idle' || state === 'closed') this.client.connect();
    else this.#send(this.#enterMessage({ name, room }));
  }

  /** Be somebody else. */
  leave(): void {
    this.#dispatch({ type: 'wished', wish: undefined });
    this.client.close();
  }

  /** @param text has passed `textProblem`. */
  say(text: string): void {
    const { wish } = this.#state;
    if (!wish) return;
    const line = { id: newLineId(), room: wish.room, text, atMs: Date.now() };
    this.#typedAtMs = 0;
    // Not past one that waits to be sent again.
    const isBehind = this.#waiting.some(({ id }) => tickOf(this.#state, id).state !== 'delivered');
    this.#dispatch({ type: 'wrote', line });
    if (!isBehind) this.#sendLine(line);
  }

  /** Once more, for a line that has failed. */
  sayAgain(id: string): void {
    const line = this.#state.pending.find((candidate) => candidate.id === id);
    if (line) this.#sendLine(line);
  }

  /** Called at each key; tells the others now and then. What is old when it arrives is not worth queueing. */
  typing(): void {
    const nowMs = Date.now();
    if (!this.#isOpen || !this.#state.isEntered || nowMs - this.#typedAtMs < typingEveryMs) return;
    this.#typedAtMs = nowMs;
    this.#send({ type: 'typing' });
  }

  loadEarlier(): void {
    const { wish, logs, isEntered, isLoadingEarlier } = this.#state;
    const first = wish && logs.get(wish.room)?.lines[0];
    if (!first || !isEntered || isLoadingEarlier) return;
    this.#dispatch({ type: 'asked-earlier' });
    this.#send({ type: 'earlier', room: first.room, beforeSeq: first.seq });
  }

  get #isOpen(): boolean {
    return this.client.status.state === 'open';
  }

  /** Lines that nobody brings on at the moment; or they are delivered, and the word of it was lost. */
  get #waiting(): PendingLine[] {
    const { pending, ticks } = this.#state;
    return pending.filter(({ id }) => !this.#inHand.has(id) && ticks.get(id)?.state !== 'failed');
  }

  #sendWaiting(): void {
    for (const line of this.#waiting) this.#sendLine(line);
  }

  #enterMessage({ name, room }: { name: string; room: string }): ClientMessage {
    return { type: 'enter', token: this.#token, name, room };
  }

  #sendLine({ id, room, text }: PendingLine): void {
    try {
      const sent = this.client.send({ type: 'say', id, room, text });
      this.#inHand.set(id, sent);
      sent.subscribe((state) => {
        // Why one has failed comes with its end.
        if (this.#inHand.get(id) === sent && state !== 'failed') this.#dispatchMoved(id, { state });
      });
      void sent.settled.then((settled) => {
        if (this.#inHand.get(id) !== sent) return;
        this.#inHand.delete(id);
        if (settled.outcome !== 'failed') return;
        const isSentAgain = settled.code === 'connection-lost' || settled.code === 'closed';
        if (isSentAgain) this.#dispatchMoved(id, { state: 'queued' });
        else this.#dispatchMoved(id, { state: 'failed', problem: settled.text });
      });
    } catch (error) {
      // Closed: it goes out when somebody connects again.
      if (error instanceof ClientError && error.code === 'closed') return;
      const problem = error instanceof Error ? error.message : String(error);
      this.#dispatchMoved(id, { state: 'failed', problem });
    }
  }

  #dispatchMoved(id: string, tick: Tick): void {
    this.#dispatch({ type: 'moved', id, tick });
  }

  /** What is not taken is not worth a word: the next connection tells it again. */
  #send(message: ClientMessage): void {
    try {
      this.client.send(message);
    } catch {}
  }

  async #fetchState(): Promise<void> {
    const { wish } = this.#state;
    if (!wish) return;
    try {
      const state = await this.client.request(
        { type: 'state', room: wish.room },
        { timeoutMs: fetchTimeoutMs },
      );
      this.#dispatch({ type: 'fetched', state });
      if (state.me === null) this.#send(this.#enterMessage(wish));
      else this.#sendWaiting();
    } catch (error) {
      // A reply that was lost with its connection is a gap as well, and asked for again.
      if (error instanceof ClientError && error.code === 'failed') this.#send(this.#enterMessage(wish));
    }
  }

  #dispatch(action: ChatAction): void {
    const state = reduce(this.#state, action);
    if (state === this.#state) return;
    if (action.type === 'entered') this.#memory.lastName = action.name;
    const isWorthKeeping = state.wish !== this.#state.wish || state.pending !== this.#state.pending;
    this.#state = state;
    if (isWorthKeeping) {
      this.#memory.store({ token: this.#token, wish: state.wish, pending: state.pending });
    }
    for (const listener of this.#listeners) listener();
  }
}
