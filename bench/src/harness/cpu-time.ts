import { readdirSync, readFileSync } from 'node:fs';

/** The system counts in hundredths of a second. */
const tickUs = 10_000;

/** What /proc says of a process after its name, which may hold spaces: its state comes first. */
const statOf = (pid: number): readonly string[] => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
};

/** Whether this system tells what its processes cost. */
export const hasProc: boolean = statOf(process.pid).length > 0;

/** A process and all that it has started, and these have started. */
export const treeOf = (root: number): readonly number[] => {
  if (!hasProc) return [root];
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(statOf(Number(name))[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [root];
  // What is pushed on the way is walked as well.
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
};

/** In nanoseconds, over all its threads, where the kernel counts so; undefined where it does not. */
const preciseUs = (pid: number): number | undefined => {
  try {
    const times = readdirSync(`/proc/${pid}/task`).map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]),
    );
    return times.reduce((sum, ns) => sum + ns / 1_000, 0);
  } catch {
    return undefined;
  }
};

const roughUs = (pid: number): number => {
  const stat = statOf(pid);
  return (Number(stat[11] ?? 0) + Number(stat[12] ?? 0)) * tickUs;
};

/** How long these processes have been on a processor, user and system; undefined where the system does not tell. */
export const cpuTimeUs = (pids: readonly number[]): number | undefined =>
  hasProc ? pids.reduce((sum, pid) => sum + (preciseUs(pid) ?? roughUs(pid)), 0) : undefined;

/** The memory that the system has given these processes. */
export const residentBytes = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const [, kib = '0'] =
      /^VmRSS:\s+(\d+) kB$/m.exec(hasProc ? readFileSync(`/proc/${pid}/status`, 'utf8') : '') ?? [];
    return sum + Number(kib) * 1024;
  }, 0);
