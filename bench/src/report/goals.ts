import { figureFormats, threeDigits } from '../figures.ts';
import { judge, rowText, type Verdict } from '../goal.ts';
import { medianIn, type Outcome } from '../harness/rounds.ts';
import type { Scenario } from '../scenario.ts';
import type { Table } from './table.ts';

export const verdictsOf = (scenario: Scenario, { rows }: Outcome): readonly Verdict[] =>
  scenario.goals.map((goal) => judge(goal, medianIn(rows)));

const boundText = ({ atMost, atLeast }: Verdict['goal']): string =>
  atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`;

const subject = ({ of, over, figure }: Verdict['goal'], unit: string): string =>
  `${figureFormats[figure].heading(unit)}: ${rowText(of)}${over ? ` ÷ ${rowText(over)}` : ''}`;

const sign = ({ isReached }: Verdict): string => (isReached === undefined ? '–' : isReached ? '✓' : '✗');

/** A verdict in a line, for a terminal. */
export const verdictLine = (verdict: Verdict, { unit }: Scenario): string => {
  const { goal, value } = verdict;
  const measured = value === undefined ? 'not measured' : threeDigits(value);
  return `  ${sign(verdict)} ${subject(goal, unit)}: ${measured} (${boundText(goal)})\n`;
};

export const goalTable = (verdicts: readonly Verdict[], { unit }: Scenario): Table => ({
  headings: ['goal', 'bound', 'measured', ''],
  lines: verdicts.map((verdict) => [
    subject(verdict.goal, unit),
    boundText(verdict.goal),
    verdict.value === undefined ? '' : threeDigits(verdict.value),
    sign(verdict),
  ]),
});
