import type { Line } from '../contract.ts';

/** What this tab has of a room's history: without a gap, the oldest first. */
export interface RoomLog {
  readonly lines: readonly Line[];
  /** Whether the backend has lines before these. */
  readonly hasEarlier: boolean;
}

export const emptyLog: RoomLog = { lines: [], hasEarlier: false };

/** Lines that are kept while new ones come in; the older ones can be asked for again. */
const maxLines = 2_000;

/** All of both, in order, each once. */
const merged = (a: readonly Line[], b: readonly Line[]): Line[] => {
  const bySeq = new Map([...a, ...b].map((line) => [line.seq, line]));
  return [...bySeq.values()].toSorted((x, y) => x.seq - y.seq);
};

/** With a line that was just said. It may be there already, and may not be the last one. */
export const withLine = (log: RoomLog, line: Line): RoomLog => {
  const last = log.lines.at(-1);
  const lines = last === undefined || line.seq > last.seq ? [...log.lines, line] : merged(log.lines, [line]);
  if (lines.length <= maxLines) return { ...log, lines };
  return { lines: lines.slice(-maxLines), hasEarlier: true };
};

/**
 * With the end of the room's history, as the backend has it now.
 *
 * Where it does not touch what was there, something was said in between that nobody here has: what was
 * there is given up, since a gap could not be seen.
 */
export const withEnd = (log: RoomLog, end: RoomLog): RoomLog => {
  const known = new Set(log.lines.map(({ seq }) => seq));
  if (!end.lines.some(({ seq }) => known.has(seq))) return end;
  const lines = merged(log.lines, end.lines);
  const isLonger = lines[0]?.seq !== end.lines[0]?.seq;
  return { lines, hasEarlier: isLonger ? log.hasEarlier : end.hasEarlier };
};

/** With the lines before its first one. */
export const withEarlier = (log: RoomLog, earlier: RoomLog): RoomLog => {
  const first = log.lines[0];
  const isBefore = first !== undefined && earlier.lines.every(({ seq }) => seq < first.seq);
  // Twice asked, or an answer that came after the room was left and entered again.
  if (!isBefore) return log;
  return { lines: [...earlier.lines, ...log.lines], hasEarlier: earlier.hasEarlier };
};
