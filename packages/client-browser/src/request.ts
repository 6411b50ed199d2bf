import type { RequestOptions } from './client.ts';
import { greatestMs } from './machine.ts';
import { failure, type FailureCode, type SentMessage } from './sent.ts';

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
      const sent = send(resolve as (reply: unknown) => void);
      const giveUp = (code: 'aborted' | 'timeout', text: string) => {
        reject(failure(code, text, signal?.reason));
        withdraw(sent, code, text);
      };
      onAbort = () => giveUp('aborted', 'The request was aborted');
      timer = setTimeout(
        () => giveUp('timeout', `No reply within ${timeoutMs} ms`),
        Math.min(timeoutMs, greatestMs),
      );
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted) onAbort();
      void sent.settled.then((settled) => {
        // A reply comes before the word that its request is processed, so it was lost with an older socket.
        reject(
          settled.outcome === 'failed'
            ? failure(settled.code, settled.text)
            : failure('connection-lost', 'The reply was lost on its way'),
        );
      });
    });
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
};
