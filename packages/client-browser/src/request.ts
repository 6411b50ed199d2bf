import type { RequestOptions } from './client.ts';
import { ClientError } from './client-error.ts';
import { greatestMs } from './machine.ts';
import { ownFailure, type SentMessage, type Settled } from './sent.ts';

/** How a request is sent, and taken back where that can still be done. */
export interface RequestWay {
  readonly send: (onReply: (reply: unknown) => void) => SentMessage;
  readonly withdraw: (sent: SentMessage, settled: Settled) => void;
}

/** Sends a request, and waits for its reply, its failure, or the end of patience. */
export const awaitReply = (
  { send, withdraw }: RequestWay,
  { timeoutMs = 30_000, signal }: RequestOptions = {},
): Promise<never> => {
  let stop = (): void => undefined;
  return new Promise<never>((resolve, reject) => {
    const abort = () => giveUp('aborted', 'The request was aborted');
    const giveUp = (code: 'aborted' | 'timeout', text: string) => {
      reject(new ClientError(code, text, { cause: signal?.reason }));
      withdraw(sent, { outcome: 'failed', code, text });
    };
    if (signal?.aborted)
      throw new ClientError('aborted', 'The request was aborted', { cause: signal.reason });
    const sent = send(resolve as (reply: unknown) => void);
    const timer = setTimeout(
      () => giveUp('timeout', `No reply within ${timeoutMs} ms`),
      Math.min(timeoutMs, greatestMs),
    );
    signal?.addEventListener('abort', abort);
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    void sent.settled.then((settled) => {
      // A reply comes before the word that its request is processed: this one was lost with an older socket.
      const { code, text } =
        settled.outcome === 'failed'
          ? settled
          : ({ code: 'connection-lost', text: 'The reply was lost on its way' } as const);
      reject(ownFailure(code, text) ?? new ClientError('failed', text, { wireCode: code }));
    });
  }).finally(() => stop());
};
