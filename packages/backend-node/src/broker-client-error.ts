import { type ErrorCode, parseJson } from '@wsbroker/protocol';
import { BackendError, type BackendErrorCode } from './backend-error.ts';
import { isErrorResult } from './command-result.ts';

/**
 * Why commands did not run: the broker was not reached (`unreachable`, `timeout`), refused them (`forbidden`,
 * `too-large` …), or refused the one command of a shortcut (`bad-command`, `unknown-command` …).
 */
export class BrokerClientError extends BackendError {
  override readonly name = 'BrokerClientError';
  /** HTTP status of the broker's answer; undefined when there was none. */
  readonly status: number | undefined;

  constructor(code: BackendErrorCode, message: string, options?: ErrorOptions & { status?: number }) {
    super(code, message, options);
    this.status = options?.status;
  }
}

/** What `fetch` rejected with, as an error that says what to do. */
export const notReached = (url: string, cause: unknown, timeoutMs: number): BrokerClientError => {
  if (cause instanceof Error && cause.name === 'TimeoutError') {
    return new BrokerClientError(
      'timeout',
      `The broker at ${url} did not answer within ${timeoutMs} ms (timeoutMs): whether the commands ran is not known`,
      { cause },
    );
  }
  const reason = reasonOf(cause);
  const notSent = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/.test(reason);
  return new BrokerClientError(
    'unreachable',
    `The broker is not reached at ${url} (${reason}): ${
      notSent
        ? 'is it running, and is this the port it listens on?'
        : 'the connection broke, and whether the commands ran is not known'
    }`,
    { cause },
  );
};

/** Node's `fetch` says "fetch failed", and why only in its cause; the code of a system error stands there. */
const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
};

/** An answer other than 200, as an error that says what to do. */
export const refusedBy = (url: string, status: number, text: string): BrokerClientError => {
  const { code, message } = wireErrorOf(text);
  if (status === 403) {
    return new BrokerClientError(
      'forbidden',
      `The broker at ${url} refused the commands (403): ${message} If it is not told to take commands from this machine, add the address to its allow list: backend: { allow: ['127.0.0.1'] }, or --allow 127.0.0.1`,
      { status },
    );
  }
  if (code === undefined) {
    return new BrokerClientError(
      'bad-answer',
      `What answers at ${url} is not a broker (HTTP ${status}): expected the address of its WebSocket port`,
      { status },
    );
  }
  return new BrokerClientError(
    code,
    `The broker at ${url} refused the commands (${status} ${code}): ${message}`,
    { status },
  );
};

const wireErrorOf = (text: string): { code?: ErrorCode; message: string } => {
  const json = parseJson(text, 'The answer');
  return json.ok && isErrorResult(json.value) ? json.value.error : { message: 'no reason was given.' };
};
