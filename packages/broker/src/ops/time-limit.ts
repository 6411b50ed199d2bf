/**
 * Waits for somebody else's promise, but not for ever.
 * @throws whatever the promise is rejected with; an error that names `what` when it is not settled in time.
 */
export const within = async <Result>(
  promise: PromiseLike<Result>,
  timeoutMs: number,
  what: string,
): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} was not settled within ${timeoutMs} ms (see \`handlerTimeoutMs\`)`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

export const isPromiseLike = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
