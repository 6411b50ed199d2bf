import type { Figure } from './figure.ts';

/** Says what is going on, in a line that the next one replaces. */
export type Progress = (text: string) => void;

/** Something that may break, and what must hold then. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Minutes: as in the table of faults. */
  full(progress: Progress): Promise<Figure[]>;
  /** Seconds: the same in small, for every change. */
  short(progress: Progress): Promise<Figure[]>;
}

export interface ScenarioDefinition<S> {
  readonly name: string;
  readonly title: string;
  readonly full: S;
  readonly short: S;
  readonly run: (scale: S, progress: Progress) => Promise<Figure[]>;
}

export const scenario = <S>({ full, short, run, ...rest }: ScenarioDefinition<S>): Scenario => ({
  ...rest,
  full: (progress) => run(full, progress),
  short: (progress) => run(short, progress),
});
