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
}

export type Progress = (text: string) => void;

const quickRounds = 1;
const fullRounds = 5;

/** Samples of rounds become one row each. */
export const rowsOf = (samples: readonly (RowName & { readonly figures: Figures })[]): readonly Row[] => {
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

/** All contenders in each round, so that what the machine does meanwhile is in the figures of all. */
export const measureRounds = async (
  scenario: Scenario,
  scale: Scale,
  progress: Progress,
): Promise<Outcome> => {
  const rounds = scale === 'full' ? (scenario.fullRounds ?? fullRounds) : quickRounds;
  const present: Contender[] = [];
  const leftOut: string[] = [];
  for (const contender of scenario.contenders) {
    const reason = contender.missing?.();
    if (reason === undefined) present.push(contender);
    else leftOut.push(`${contender.name}: ${reason}`);
  }
  const samples: (RowName & { figures: Figures })[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, measure } of present) {
      progress(`round ${round} of ${rounds}, ${name}`);
      const measured = await measure(scale);
      samples.push(...measured.map(({ variant, figures }) => ({ contender: name, variant, figures })));
    }
  }
  // In the order of contenders, variant by variant.
  return { scenario: scenario.name, rounds, rows: rowsOf(samples), leftOut };
};
