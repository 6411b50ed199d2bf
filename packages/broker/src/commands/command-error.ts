import type { ErrorCode, ErrorResult } from '@wsbroker/protocol';

/** A command that cannot be run. It becomes that command's result; the other commands run all the same. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  toResult(): ErrorResult {
    return { error: { code: this.code, message: this.message } };
  }
}
