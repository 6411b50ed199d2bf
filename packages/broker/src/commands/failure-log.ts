import type { Logger } from '../ops/logger.ts';
import type { CommandError } from './command-error.ts';

/** Past these, failures of one list are only counted: a list of nothing but mistakes must not fill the log. */
const maxLines = 20;
/** A type of a command, or an error of the application's, may be as long as it likes. */
const maxLineLength = 400;

/** What failed of one list of commands, in the log. */
export class FailureLog {
  readonly #log: Logger;
  #failures = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param cause The error itself, or what it was made from. */
  add(error: CommandError, cause: unknown): void {
    this.#failures += 1;
    if (this.#failures > maxLines) return;
    const { code, message } = error;
    const line = message.length > maxLineLength ? `${message.slice(0, maxLineLength)}…` : message;
    if (error === cause) this.#log.warn({ code }, `! ${line}`);
    else this.#log.error({ code, error: cause }, `! ${line}`);
  }

  /** The list is done. */
  end(): void {
    const unsaid = this.#failures - maxLines;
    if (unsaid > 0) this.#log.warn({}, `! and ${unsaid} more commands of the same list failed`);
  }
}
