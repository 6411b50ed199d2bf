import type { FigureName, Figures } from '../figures.ts';
import type { MedianOf, RowName } from '../goal.ts';
import type { Contender, Scale, Scenario } from '../scenario.ts';
import { type Spread, spreadOf } from './percentile.ts';

/** One line of the table: what all rounds gave for one contender in one variant. */
export interface Row {
  readonly contender: string;
  readonly variant: string;
  readonly figures: Partial<Readonly<Record<FigureName, Spread>>>;
}

export interface Outcome {
  readonly scenario: string;
  readonly rounds: number;
  readonly rows: readonly Row[];
  /** A line for each contender that is not on this machine. */
  readonly leftOut: readonly string[];
  /** A line for each contender that did not get through a round. */
  readonly failed: readonly string[];
}

export type Progress = (text: string) => void;

type NamedSample = RowName & { readonly figures: Figures };

const fullRounds = 3;

/** Samples of all rounds become one row each. */
export const rowsOf = (samples: readonly NamedSample[]): readonly Row[] => {
  const groups = Map.groupBy(samples, ({ contender, variant }) => JSON.stringify([contender, variant]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const names = Object.keys(first.figures) as FigureName[];
    const figures = Object.fromEntries(
      names.map((name) => [name, spreadOf(group.map((sample) => sample.figures[name] ?? 0))]),
    );
    return [{ contender: first.contender, variant: first.variant ?? '', figures }];
  });
};

export const medianIn =
  (rows: readonly Row[]): MedianOf =>
  ({ contender, variant = '' }, figure) =>
    rows.find((row) => row.contender === contender && row.variant === variant)?.figures[figure]?.median;

interface Attendance {
  readonly present: Contender[];
  readonly leftOut: string[];
}

const attendanceOf = ({ contenders }: Scenario, scale: Scale): Attendance => {
  const attendance: Attendance = { present: [], leftOut: [] };
  for (const contender of contenders) {
    const isTooSlow = contender.notFor?.includes(scale) === true;
    const reason = isTooSlow ? `takes too long for a ${scale} run` : contender.missing?.();
    if (reason === undefined) attendance.present.push(contender);
    else attendance.leftOut.push(`${contender.name}: ${reason}`);
  }
  return attendance;
};

/** Another one begins each round: what comes first finds another machine than what comes after much work. */
const rotated = (contenders: readonly Contender[], by: number): readonly Contender[] => {
  const first = by % Math.max(1, contenders.length);
  return [...contenders.slice(first), ...contenders.slice(0, first)];
};

/** All contenders in each round, so that what the machine does meanwhile is in the figures of all. */
export const measureRounds = async (
  scenario: Scenario,
  scale: Scale,
  progress: Progress = () => {},
): Promise<Outcome> => {
  const rounds = scale === 'full' ? (scenario.fullRounds ?? fullRounds) : 1;
  const { present, leftOut } = attendanceOf(scenario, scale);
  const samples: NamedSample[] = [];
  const failed: string[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, measure } of rotated(present, round - 1)) {
      progress(`round ${round} of ${rounds}, ${name}`);
      try {
        const measured = await measure(scale);
        samples.push(...measured.map(({ variant, figures }) => ({ contender: name, variant, figures })));
      } catch (error) {
        failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  return { scenario: scenario.name, rounds, rows: rowsOf(samples), leftOut, failed };
};
