import { ClientError } from './client-error.ts';

export interface MessageStream<T> {
  readonly stream: AsyncGenerator<T, undefined>;
  /** No more will come; what waits can still be read. */
  readonly end: () => void;
}

/**
 * Messages for a `for await` loop.
 *
 * What arrives while the loop's body is busy waits here, up to a bound. Past the bound the loop gets what
 * waited, and then an error: a gap that is seen.
 *
 * @param attach connects `push` with a source and returns how to take it off again.
 */
export const createMessageStream = <T>(
  maxBuffered: number,
  attach: (push: (message: T) => void) => () => void,
): MessageStream<T> => {
  const buffer: T[] = [];
  let ended = false;
  let error: ClientError | undefined;
  let wake: (() => void) | undefined;

  const detach = attach((message) => {
    if (buffer.push(message) > maxBuffered) {
      buffer.pop();
      error = new ClientError('buffer-full', `messages() is read too slowly: more than ${maxBuffered} wait`);
      end();
    }
    wake?.();
  });
  const end = () => {
    ended = true;
    detach();
    wake?.();
  };
  const read = async function* (): AsyncGenerator<T, undefined> {
    try {
      for (;;) {
        while (buffer.length > 0) yield buffer.shift() as T;
        if (error) throw error;
        if (ended) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      end();
    }
  };

  const stream = read();
  const leave = stream.return.bind(stream);
  // By itself a generator that waits for a message would leave only after that message, and one that was
  // never read would stay attached.
  stream.return = (value) => {
    buffer.length = 0;
    end();
    return leave(value);
  };
  return { stream, end };
};
