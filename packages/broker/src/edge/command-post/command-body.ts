import type { IncomingMessage } from 'node:http';

export interface BodyLimits {
  readonly maxBytes: number;
  /** How long all of it may take to arrive: a server of the application's may have no limit of its own. */
  readonly timeoutMs: number;
}

/**
 * The body as it came: what is signed is its bytes. The stream stays open for the answer when it is larger
 * than it may be, or too slow.
 */
export const readBody = (
  request: IncomingMessage,
  { maxBytes, timeoutMs }: BodyLimits,
): Promise<Buffer | 'too-large' | 'too-slow'> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (): void => {
      clearTimeout(timer);
      request.off('data', onData);
      request.off('end', onEnd);
      request.off('error', reject);
      request.off('close', onClose);
    };
    const giveUp = (why: 'too-large' | 'too-slow'): void => {
      settle();
      request.pause();
      resolve(why);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) giveUp('too-large');
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      settle();
      resolve(Buffer.concat(chunks));
    };
    const onClose = (): void => {
      settle();
      reject(new Error('the peer went away before the body was whole'));
    };
    const timer = setTimeout(() => giveUp('too-slow'), timeoutMs);
    request.on('data', onData);
    request.on('end', onEnd);
    request.on('error', reject);
    request.on('close', onClose);
  });
