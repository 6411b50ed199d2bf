import type { FigureName } from './figures.ts';

/** A row of a scenario's table. */
export interface RowName {
  readonly contender: string;
  /** @default '' */
  readonly variant?: string;
}

/**
 * What is to be reached: the median of a figure of one row, divided by that of another where `over` is given.
 * One of `atMost`, `atLeast`.
 *
 * @example
 * { of: { contender: 'wsbroker', variant: '16 outstanding' }, over: { contender: 'plain ws', variant: '16 outstanding' }, figure: 'cpuUs', atMost: 0.1 }
 * @example
 * { of: { contender: 'wsbroker', variant: 'list' }, figure: 'longestTurnMs', atMost: 50 }
 */
export interface Goal {
  readonly of: RowName;
  readonly over?: RowName;
  readonly figure: FigureName;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Verdict {
  readonly goal: Goal;
  /** Undefined when a row was not measured here, such as of a peer that is not installed. */
  readonly value: number | undefined;
  /** Undefined when there is no value. */
  readonly isReached: boolean | undefined;
}

/** The median of a figure of a row, if it was measured. */
export type MedianOf = (row: RowName, figure: FigureName) => number | undefined;

const reaches = (value: number, { atMost = Infinity, atLeast = -Infinity }: Goal): boolean =>
  value <= atMost && value >= atLeast;

export const judge = (goal: Goal, medianOf: MedianOf): Verdict => {
  const own = medianOf(goal.of, goal.figure);
  const other = goal.over ? medianOf(goal.over, goal.figure) : 1;
  if (own === undefined || other === undefined) return { goal, value: undefined, isReached: undefined };
  const value = own / other;
  return { goal, value, isReached: reaches(value, goal) };
};

export const rowText = ({ contender, variant = '' }: RowName): string =>
  variant === '' ? contender : `${contender}, ${variant}`;
