import { type Body, contentTypes } from '@wsbroker/protocol';
import type { BackendErrorCode } from './backend-error.ts';
import type { EventHeaders } from './context.ts';
import type { IncomingBody } from './notification.ts';

/** What goes back to the broker, whatever carries it. `text` is JSON: a list of commands, a list of such lists for several events, or `{ error: { code, message } }`. */
export interface Answer extends Body {
  /** HTTP status: 200 for commands; for errors see the README's table of errors. */
  readonly status: number;
  /** For the header `Retry-After`: the event is to come again, and not sooner. */
  readonly retryAfterSeconds?: number;
  /** For the header `wsbroker-batch`: so many events one POST may bring. Without it the broker sends them one by one. */
  readonly maxBatch?: number;
}

/** From a body, good or bad, to its answer; never rejects. */
export type AnswerBody = (body: IncomingBody, headers: EventHeaders) => Promise<Answer>;

/** @param text JSON: a list of commands. */
export const commandsAnswer = (text: string): Answer => ({
  status: 200,
  contentType: contentTypes.json,
  text,
});

export const errorAnswer = (status: number, code: BackendErrorCode, message: string): Answer => ({
  status,
  contentType: contentTypes.json,
  text: JSON.stringify({ error: { code, message } }),
});

export const tooLargeAnswer = (maxBodyBytes: number): Answer =>
  errorAnswer(413, 'too-large', `The body is larger than ${maxBodyBytes} bytes (maxBodyBytes)`);

export const badMethodAnswer = (method: string | undefined): Answer =>
  errorAnswer(
    405,
    'bad-method',
    `The method is ${method}: expected POST, which is how a broker delivers events`,
  );
