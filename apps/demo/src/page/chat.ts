import { type Client, createClient } from '@wsbroker/client-browser';
import type { ClientMessageOf } from '@wsbroker/protocol';
import type { contract } from '../contract.ts';
import { firstRoom } from '../fields.ts';
import { type ChatAction, type ChatState, initialState, reduce } from './chat-state.ts';
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

/**
 * The chat as this tab sees it: what is shown, and the way to the backend.
 *
 * The plain wire acknowledges nothing, so a line counts as said only when it comes back. Until then it is
 * kept here, and goes out again on each new socket, behind `enter` and in order; the backend tells by its id
 * whether it has it. While the socket stays open nothing is sent twice: the broker keeps it.
 */
export class Chat {
  readonly client: ChatClient;
  readonly #memory: Memory;
  readonly #token: string;
  readonly #listeners = new Set<() => void>();
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
      firstMessages: () => this.#firstMessages(),
      // Everything that must not be lost is in `pending`; a queue beside it would send it twice.
      maxQueuedMessages: 0,
    });
    this.client.on('*', (message) => {
      if (message.type !== 'broker-error') this.#dispatch(message);
    });
    this.client.subscribe(({ state }) => {
      if (state !== 'open') this.#dispatch({ type: 'lost' });
    });
    if (this.#state.wish) this.client.connect();
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
    const isRefused = this.#isOpen && !this.#state.isEntered;
    this.#dispatch({ type: 'wished', wish: { name, room } });
    if (!this.#isOpen) this.client.connect();
    // After a refusal the lines of before have not been taken either.
    else if (isRefused) for (const message of this.#firstMessages()) this.#send(message);
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
    this.#dispatch({ type: 'wrote', line });
    this.#sendLine(line);
  }

  /** Once more, for a line that could not be handed over. */
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
    if (this.#send({ type: 'earlier', room: first.room, beforeSeq: first.seq }) === undefined) {
      this.#dispatch({ type: 'asked-earlier' });
    }
  }

  get #isOpen(): boolean {
    return this.client.status.state === 'open';
  }

  #firstMessages(): ClientMessage[] {
    const { wish, pending } = this.#state;
    if (!wish) return [];
    return [this.#enterMessage(wish), ...pending.map(sayMessage)];
  }

  #enterMessage({ name, room }: { name: string; room: string }): ClientMessage {
    return { type: 'enter', token: this.#token, name, room };
  }

  #sendLine(line: ChatState['pending'][number]): void {
    // Without a socket it goes out with the next one's first messages.
    if (!this.#isOpen) return;
    const problem = this.#send(sayMessage(line));
    if (problem !== line.problem) this.#dispatch({ type: 'failed', id: line.id, problem });
  }

  /** Why it was not taken, if so: the network takes nothing, and what waits in the socket is at its bound. */
  #send(message: ClientMessage): string | undefined {
    try {
      this.client.send(message);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
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

const sayMessage = ({ id, room, text }: ChatState['pending'][number]): ClientMessage => ({
  type: 'say',
  id,
  room,
  text,
});
