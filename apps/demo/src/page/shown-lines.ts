import type { Line, Person } from '../contract.ts';
import type { PendingLine, Wish } from './chat-state.ts';
import { dayOf } from './clock.ts';

/** A line as it is shown: one of the history, or one of one's own on its way there. */
export interface ShownLine {
  /** Stays the same when a line of one's own is confirmed. */
  readonly key: string;
  readonly user: string;
  readonly name: string;
  readonly text: string;
  readonly atMs: number;
  readonly isMine: boolean;
  /** Missing once it is in the history. */
  readonly pending?: PendingLine;
}

/** Lines of one person in a row. */
export interface LineGroup {
  readonly key: string;
  readonly isMine: boolean;
  readonly user: string;
  readonly name: string;
  readonly lines: readonly [ShownLine, ...ShownLine[]];
}

export interface Day {
  /** The same for each moment of the day. */
  readonly day: string;
  readonly atMs: number;
  readonly groups: readonly LineGroup[];
}

/** After such a pause the same person begins a new group. */
const maxPauseMs = 5 * 60_000;

/** The history, and after it what one has said since. */
export const shownLines = (
  lines: readonly Line[],
  pending: readonly PendingLine[],
  { me, wish }: { readonly me: Person | undefined; readonly wish: Wish },
): ShownLine[] => [
  ...lines.map(({ seq, id, user, name, text, atMs }) => {
    const isMine = user === me?.user;
    return { key: isMine ? id : String(seq), user, name, text, atMs, isMine };
  }),
  ...pending
    .filter(({ room }) => room === wish.room)
    .map((line) => ({
      key: line.id,
      user: me?.user ?? '',
      name: wish.name,
      text: line.text,
      atMs: line.atMs,
      isMine: true,
      pending: line,
    })),
];

interface GrowingGroup extends LineGroup {
  readonly lines: [ShownLine, ...ShownLine[]];
}
interface GrowingDay extends Day {
  readonly groups: GrowingGroup[];
}

/** Lines by day, and within a day by who said them. */
export const byDay = (lines: readonly ShownLine[]): Day[] => {
  const days: GrowingDay[] = [];
  for (const line of lines) {
    let day = days.at(-1);
    if (day?.day !== dayOf(line.atMs)) {
      day = { day: dayOf(line.atMs), atMs: line.atMs, groups: [] };
      days.push(day);
    }
    const group = day.groups.at(-1);
    const { key, isMine, user, name } = line;
    const goesOn =
      group?.user === user &&
      group.name === name &&
      line.atMs - (group.lines.at(-1)?.atMs ?? 0) <= maxPauseMs;
    if (goesOn) group.lines.push(line);
    else day.groups.push({ key, isMine, user, name, lines: [line] });
  }
  return days;
};
