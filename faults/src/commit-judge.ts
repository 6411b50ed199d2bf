import type { Call } from './trace.ts';

/** A message, and the text by which it is found in what was written to the journal. */
export interface Mark {
  readonly connection: string;
  readonly n: number;
  readonly text: string;
}

const isJournal = ({ target }: Call): boolean => /journal\.db(?:-wal)?$/.test(target);
export const isCommit = (call: Call): boolean => /^f(?:data)?sync$/.test(call.name) && isJournal(call);

/**
 * Counts the messages that were acknowledged before the first commit after their text was written to the journal,
 * and those for which one of the three is missing.
 */
export const judgeCommits = (
  calls: readonly Call[],
  marks: readonly Mark[],
): { early: number; never: number } => {
  const writes = calls.filter((call) => call.name === 'pwrite64' && isJournal(call));
  const syncs = calls.filter(isCommit);
  const acks = acknowledgements(calls);
  let [early, never] = [0, 0];
  for (const { connection, n, text } of marks) {
    const written = writes.find(({ data }) => data.includes(text));
    const committed = written && syncs.find(({ startedAt }) => startedAt > written.endedAt);
    const acked = acks.get(connection)?.find((ack) => ack.n >= n);
    if (!committed || !acked) never += 1;
    else if (acked.startedAt < committed.endedAt) early += 1;
  }
  return { early, never };
};

interface Acknowledgement {
  readonly n: number;
  readonly startedAt: number;
}

/** Which numbers were written to the socket of which connection, and when. */
const acknowledgements = (calls: readonly Call[]): Map<string, Acknowledgement[]> => {
  const connectionOf = new Map<string, string>();
  const acks = new Map<string, Acknowledgement[]>();
  for (const { data, target, startedAt } of calls) {
    const [, opened] = /\[\\"opened\\",\{.*?\\"connection\\":\\"([\w-]+)\\"/.exec(data) ?? [];
    if (opened !== undefined) connectionOf.set(target, opened);
    for (const [, n] of data.matchAll(/\[\\"(?:ack|delivered)\\",(\d+)\]/g)) {
      const connection = connectionOf.get(target) ?? '';
      acks.set(connection, [...(acks.get(connection) ?? []), { n: Number(n), startedAt }]);
    }
  }
  return acks;
};
