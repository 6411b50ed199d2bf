import { hashOf, newToken } from './token.ts';

/** Which connection a token resumes. It knows hashes alone. */
export class TokenIndex<Client> {
  readonly #clients = new Map<string, Client>();

  set(hash: string, client: Client): void {
    this.#clients.set(hash, client);
  }

  delete(hash: string): void {
    this.#clients.delete(hash);
  }

  /** Whose token this is. */
  find(token: string): Client | undefined {
    return this.#clients.get(hashOf(token));
  }
}

/**
 * The tokens that resume one connection: each is good for one use.
 *
 * The one that a client has shown stays good until the client has shown that it has the next: the `opened` that
 * tells it may be lost, and more than once.
 */
export class ResumeTokens<Client> {
  readonly #index: TokenIndex<Client>;
  readonly #client: Client;
  #hashes: readonly string[];

  /** @param hashes Of tokens that a former process has given out. */
  constructor(index: TokenIndex<Client>, client: Client, hashes: readonly string[] = []) {
    this.#index = index;
    this.#client = client;
    this.#hashes = [];
    this.#set(hashes);
  }

  /** Of the tokens that are good, newest first. */
  get hashes(): readonly string[] {
    return this.#hashes;
  }

  /** @param shown The token that the client has come with. */
  next(shown?: string): string {
    const token = newToken();
    this.#set([hashOf(token), ...(shown === undefined ? [] : [hashOf(shown)])]);
    return token;
  }

  /** The client has the newest: true when another one has died of it. */
  confirm(): boolean {
    if (this.#hashes.length < 2) return false;
    this.#set(this.#hashes.slice(0, 1));
    return true;
  }

  /** The connection is over. */
  clear(): void {
    this.#set([]);
  }

  #set(hashes: readonly string[]): void {
    for (const hash of this.#hashes) this.#index.delete(hash);
    for (const hash of hashes) this.#index.set(hash, this.#client);
    this.#hashes = hashes;
  }
}
