import { hashOf } from './token.ts';

/** Which connection a token resumes. It knows hashes alone. */
export class Tokens<Client> {
  readonly #clients = new Map<string, Client>();

  /** @param hash Of a token, as {@link hashOf} makes it. */
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
