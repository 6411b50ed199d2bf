import type { RequestOptions } from './client.ts';
import { ClientError } from './client-error.ts';
import { greatestMs } from './machine.ts';
import { type FailureCode, ownFailure, type SentMessage } from './sent.ts';

/**
 * Sends a request, and waits for its reply, its failure, or the end of patience.
 *
 * @param withdraw takes it back where that can be done.
 */
export const awaitReply = async (
  send: (onReply: (reply: unknown) => void) => SentMessage,
  withdraw: (sent: SentMessage, code: FailureCode, text: string) => void,
  { timeoutMs = 30_000, signal }: RequestOptions = {},
): Promise<never> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort: (() => void) | undefined;
  try {
    return await new Promise<never>((resolve, reject) => {
      let sent: SentMessage | undefined;
      const giveUp = (code: 'aborted' | 'timeout', text: string) => {
        reject(ownFailure(code, text, signal?.reason));
        if (sent) withdraw(sent, code, text);
      };
      onAbort = () => giveUp('aborted', 'The request was aborted');
      if (signal?.aborted) return onAbort();
      sent = send(resolve as (reply: unknown) => void);
      timer = setTimeout(
        () => giveUp('timeout', `No reply within ${timeoutMs} ms`),
        Math.min(timeoutMs, greatestMs),
      );
      signal?.addEventListener('abort', onAbort);
      void sent.settled.then((settled) => {
        // A reply comes before the word that its request is processed, so it was lost with an older socket.
        const { code, text } =
          settled.outcome === 'failed'
            ? settled
            : ({ code: 'connection-lost', text: 'The reply was lost on its way' } as const);
        reject(ownFailure(code, text) ?? new ClientError('failed', text, undefined, code));
      });
    });
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
};
