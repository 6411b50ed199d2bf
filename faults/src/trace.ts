/** A system call that succeeded. Times are line numbers of the trace: only their order is meant. */
export interface Call {
  readonly name: string;
  /** The file or socket of its descriptor. */
  readonly target: string;
  /** Its arguments, as strace writes them: quotes and bytes that are no text are escaped. */
  readonly data: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Reads what `strace -f -y -o FILE` has written. A call that another thread interrupts takes two lines. */
export const readTrace = (text: string): Call[] => {
  const calls: Call[] = [];
  const unfinished = new Map<string, { name: string; rest: string; startedAt: number }>();
  text.split('\n').forEach((line, at) => {
    const [, pid = '', rest = ''] = /^(\d+)\s+(.*)$/s.exec(line) ?? [];
    const [, name, begun] = /^(\w+)\((.*)<unfinished \.\.\.>$/s.exec(rest) ?? [];
    if (name !== undefined) {
      unfinished.set(pid, { name, rest: begun ?? '', startedAt: at });
      return;
    }
    const [, resumed, ending] = /^<\.\.\. (\w+) resumed>(.*)$/s.exec(rest) ?? [];
    const started = unfinished.get(pid);
    if (resumed !== undefined && started?.name === resumed) {
      unfinished.delete(pid);
      add(calls, started.name, {
        rest: started.rest + (ending ?? ''),
        startedAt: started.startedAt,
        endedAt: at,
      });
      return;
    }
    const [, whole, args] = /^(\w+)\((.*)$/s.exec(rest) ?? [];
    if (whole !== undefined) add(calls, whole, { rest: args ?? '', startedAt: at, endedAt: at });
  });
  return calls;
};

const add = (
  calls: Call[],
  name: string,
  { rest, ...times }: { rest: string; startedAt: number; endedAt: number },
): void => {
  if (/= -1 [A-Z]+/.test(rest.slice(-80))) return;
  const [, target = ''] = /^\d+<([^>]*)>/.exec(rest) ?? [];
  calls.push({ name, target, data: rest, ...times });
};
