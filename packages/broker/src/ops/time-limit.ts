export interface TimeLimit {
  readonly timeoutMs: number;
  /** What the error says when the time is over. */
  readonly late: string;
}

/**
 * Waits for somebody else's promise, but not for ever.
 * @throws whatever the promise is rejected with; an error that says `late` when it is not settled in time.
 */
export const within = async <Result>(
  promise: PromiseLike<Result>,
  { timeoutMs, late }: TimeLimit,
): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(late)), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
};

/** The limit of what the application's own code may take. */
export const handlerLimit = (timeoutMs: number): TimeLimit => ({
  timeoutMs,
  late: `its promise was not settled within ${timeoutMs} ms (see \`handlerTimeoutMs\`)`,
});
