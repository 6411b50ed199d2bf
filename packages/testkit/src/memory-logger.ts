import { Inbox } from './inbox.ts';

export type MemoryLogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export interface LogEntry {
  readonly level: MemoryLogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

type Write = (fieldsOrMessage: object | string, message?: string) => void;

/** A pino-like logger that keeps its entries, for tests to look at and to wait for. */
export class MemoryLogger {
  readonly level = 'trace';
  readonly #inbox = new Inbox<LogEntry>('a log entry');

  readonly trace: Write = (fields, message) => this.#put('trace', fields, message);
  readonly debug: Write = (fields, message) => this.#put('debug', fields, message);
  readonly info: Write = (fields, message) => this.#put('info', fields, message);
  readonly warn: Write = (fields, message) => this.#put('warn', fields, message);
  readonly error: Write = (fields, message) => this.#put('error', fields, message);
  readonly fatal: Write = (fields, message) => this.#put('fatal', fields, message);

  get entries(): readonly LogEntry[] {
    return this.#inbox.all;
  }

  /** The entries as text: level, message, fields as JSON. */
  get text(): string {
    return this.entries
      .map(({ level, message, fields }) => `${level} ${message} ${JSON.stringify(fields, withErrors)}`)
      .join('\n');
  }

  /** The messages of one level. */
  messages(level: MemoryLogLevel): string[] {
    return this.entries.filter((entry) => entry.level === level).map((entry) => entry.message);
  }

  /** The first entry not yet taken (that satisfies the predicate). */
  next(predicate?: (entry: LogEntry) => boolean, timeoutMs?: number): Promise<LogEntry> {
    return this.#inbox.next(predicate, timeoutMs);
  }

  isLevelEnabled(): boolean {
    return true;
  }

  /** As in pino; the child's entries are kept here too. */
  child(): this {
    return this;
  }

  #put(level: MemoryLogLevel, fieldsOrMessage: object | string, message = ''): void {
    this.#inbox.put(
      typeof fieldsOrMessage === 'string'
        ? { level, message: fieldsOrMessage, fields: {} }
        : { level, message, fields: { ...(fieldsOrMessage as Record<string, unknown>) } },
    );
  }
}

const withErrors = (_key: string, value: unknown): unknown =>
  value instanceof Error ? value.message : value;
