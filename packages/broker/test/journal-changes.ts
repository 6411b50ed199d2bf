import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalChange, JournalContent, StoredEvent } from '../src/delivery/journal/journal.ts';

/** A folder that goes with the test, and the path of a journal in it. */
export const journalFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-journal-'));
  return {
    folder,
    file: join(folder, 'events.db'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
};

export const opening = (wskey: string, tokenHashes: readonly string[] = []): JournalChange => ({
  kind: 'open',
  wskey,
  sessionInfo: `{"wskey":"${wskey}"}`,
  tokenHashes,
  fingerprint: 'print',
  lastEvent: 0,
  received: 0,
});

export const happening = (
  wskey: string,
  number: number,
  more: Partial<StoredEvent> = {},
): JournalChange & { kind: 'event' } => ({
  kind: 'event',
  wskey,
  number,
  type: 'client-hello',
  json: `{"type":"client-hello","n":${number}}`,
  happenedAtMs: 1_000 + number,
  ...more,
});

type Written<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** What a journal is to hold, in memory. */
export class JournalModel {
  readonly #connections: Written<JournalContent['connections'][number]>[] = [];
  #events: StoredEvent[] = [];
  #failures: JournalContent['failures'][number][] = [];

  content(): JournalContent {
    const key = ({ wskey, message }: { wskey: string; message: number }) => `${wskey} ${1_000_000 + message}`;
    return {
      connections: this.#connections,
      events: this.#events,
      failures: this.#failures.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)),
    };
  }

  apply(change: JournalChange): void {
    const { wskey } = change;
    const row = this.#connections.find((connection) => connection.wskey === wskey);
    switch (change.kind) {
      case 'open': {
        const { kind: _kind, ...stored } = change;
        if (row) Object.assign(row, stored, { isEnded: false });
        else this.#connections.push({ ...stored, isEnded: false });
        return;
      }
      case 'event': {
        const { kind: _kind, ...stored } = change;
        if (!this.#events.some(({ number, ...event }) => event.wskey === wskey && number === change.number)) {
          this.#events.push(stored);
        }
        if (!row) return;
        row.lastEvent = Math.max(row.lastEvent, change.number);
        row.received = Math.max(row.received, change.message ?? 0);
        return;
      }
      case 'received':
        if (row) row.received = Math.max(row.received, change.received);
        return;
      case 'delivered':
      case 'dead-letter':
        this.#events = this.#events.filter(
          (event) => event.wskey !== wskey || event.number !== change.number,
        );
        this.#removeEnded(wskey);
        return;
      case 'failed': {
        const { kind: _kind, ...stored } = change;
        if (!row || row.isEnded) return;
        this.#failures = this.#failures.filter(
          (failure) => failure.wskey !== wskey || failure.message !== change.message,
        );
        this.#failures.push(stored);
        return;
      }
      case 'session':
        if (row) row.sessionInfo = change.sessionInfo;
        return;
      case 'tokens':
        if (row) row.tokenHashes = change.tokenHashes;
        return;
      case 'end':
        this.#failures = this.#failures.filter((failure) => failure.wskey !== wskey);
        if (row) row.isEnded = true;
        this.#removeEnded(wskey);
        return;
    }
  }

  #removeEnded(wskey: string): void {
    const index = this.#connections.findIndex((row) => row.wskey === wskey && row.isEnded);
    if (index >= 0 && !this.#events.some((event) => event.wskey === wskey))
      this.#connections.splice(index, 1);
  }
}
