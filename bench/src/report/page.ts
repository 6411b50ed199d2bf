import type { Machine } from '../harness/machine.ts';
import type { Outcome } from '../harness/rounds.ts';
import type { Scenario } from '../scenario.ts';
import { goalTable, verdictsOf } from './goals.ts';
import { remarksOn } from './limits.ts';
import { markdownTable, tableOf } from './table.ts';

/** What a full run of one scenario leaves. */
export interface Result {
  readonly machine: Machine;
  /** Of all contenders that were measured, in their order. */
  readonly versions: readonly string[];
  readonly outcome: Outcome;
}

export type Results = Readonly<Record<string, Result>>;

const machineText = ({ date, processor, cores, system, node, isPinned, loadBefore }: Machine): string =>
  [
    date,
    `${processor}, ${cores} cores`,
    system,
    `Node ${node}`,
    isPinned ? 'server and load on a core each' : 'server and load not pinned to cores',
    ...(loadBefore > 1 ? [`beside other work (load ${loadBefore})`] : []),
  ].join('; ');

/** What was measured where, with each machine once. */
const measuredOn = (results: Results): string => {
  const groups = Map.groupBy(Object.entries(results), ([, { machine }]) => machineText(machine));
  const lines = [...groups].map(([text, group]) =>
    groups.size === 1 ? `Measured: ${text}.` : `- ${group.map(([name]) => name).join(', ')}: ${text}`,
  );
  return lines.join('\n');
};

const versionsOf = (results: Results): string =>
  [...new Set(Object.values(results).flatMap(({ versions }) => versions))].join(', ');

const section = (scenario: Scenario, result: Result): string => {
  const { outcome } = result;
  const verdicts = verdictsOf(scenario, outcome);
  const remarks = [...remarksOn(outcome), ...(scenario.notes ?? [])].map((line) => `- ${line}\n`).join('');
  return [
    `### ${scenario.name}\n\n${scenario.title}; ${outcome.rounds} rounds.\n`,
    `![${scenario.title}](charts/${scenario.name}.svg)\n`,
    markdownTable(tableOf(scenario, outcome.rows)),
    ...(remarks === '' ? [] : [remarks]),
    ...(verdicts.length > 0 ? [markdownTable(goalTable(verdicts, scenario))] : []),
  ].join('\n');
};

/** The part of the README that a run writes. */
export const pageOf = (scenarios: readonly Scenario[], results: Results): string =>
  [
    `${measuredOn(results)}\n`,
    `Versions: ${versionsOf(results)}. Command: \`pnpm bench\`.\n`,
    ...scenarios.flatMap((scenario) => {
      const result = results[scenario.name];
      return result ? [section(scenario, result)] : [];
    }),
  ].join('\n');

const marks = { begin: '<!-- measured: begin -->\n', end: '<!-- measured: end -->\n' };

/** A README with that part in it anew. */
export const withPage = (readme: string, page: string): string => {
  const begin = readme.indexOf(marks.begin);
  const end = readme.indexOf(marks.end);
  if (begin === -1 || end < begin) {
    throw new Error(
      `the README lacks the lines ${marks.begin.trim()} and ${marks.end.trim()}, in this order`,
    );
  }
  return `${readme.slice(0, begin + marks.begin.length)}\n${page}\n${readme.slice(end)}`;
};
