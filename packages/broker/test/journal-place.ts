import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryLogger } from '@wsbroker/testkit';
import type { Journal, JournalContent } from '../src/delivery/journal/journal.ts';
import { type JournalOptions, openJournal } from '../src/delivery/journal/sqlite-journal.ts';

/** A folder with a journal's file, and the journals that were opened on it, one after the other. */
export class JournalPlace implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'wsbroker-journal-'));
  readonly file = join(this.folder, 'events.db');
  readonly log = new MemoryLogger();
  readonly #journals: Journal[] = [];

  async open(options: Partial<JournalOptions> = {}): Promise<Journal> {
    const journal = await openJournal({
      file: this.file,
      maxBytes: 64 * 1_024 * 1_024,
      maxDeadLetters: 100,
      log: this.log,
      ...options,
    });
    this.#journals.push(journal);
    return journal;
  }

  /** What a later process finds; nothing else may have it open. */
  async content(): Promise<JournalContent> {
    const journal = await this.open();
    const content = await journal.load();
    await journal.close();
    return content;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const journal of this.#journals) await journal.close();
    rmSync(this.folder, { recursive: true });
  }
}
