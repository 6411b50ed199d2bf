import { check, type FaultKind, faultKinds, type History, type Report } from '@wsbroker/testkit';
import { exactly, type Figure } from './figure.ts';

/** The checker's report as figures: none of each kind, but for those that the scenario does not ask for. */
export const verdict = (history: History, left: readonly FaultKind[] = []): Figure[] => {
  const report = check(history);
  return faultKinds
    .filter((kind) => !left.includes(kind))
    .map((kind) => ({ ...exactly(kind, report[kind].length, 0), ...examples(report, kind) }));
};

/** The first few in words, where there are some: the number alone would help nobody. */
const examples = (report: Report, kind: FaultKind): { value?: string } => {
  const faults = report[kind];
  if (faults.length === 0) return {};
  return { value: `${faults.length} (${faults.slice(0, 3).join('; ')})` };
};
