/** Measures scenarios and prints what came of it: `pnpm bench [--quick] [--check] [name…]`. */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { judge, rowText, type Verdict } from './goal.ts';
import { canPin } from './harness/pinning.ts';
import { measureRounds, medianIn, type Outcome } from './harness/rounds.ts';
import { setServerNodeOptions } from './harness/server.ts';
import { figureFormats, threeDigits } from './figures.ts';
import { plainTable, tableOf } from './report/table.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';

// An `exit` event is what ends the processes that were started; a signal alone would leave them behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    profile: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

const isTerminal = process.stdout.isTTY;
const write = (text: string): void => void process.stdout.write(text);

const verdictLine = ({ goal, value, isReached }: Verdict): string => {
  const { of, over, figure, atMost, atLeast } = goal;
  const bound = atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`;
  const what = `${figureFormats[figure].heading}: ${rowText(of)}${over ? ` ÷ ${rowText(over)}` : ''}`;
  if (value === undefined) return `  - ${what}: not measured (${bound})\n`;
  return `  ${isReached ? '✓' : '✗'} ${what}: ${threeDigits(value)} (${bound})\n`;
};

const run = async (scenario: Scenario): Promise<{ outcome: Outcome; verdicts: readonly Verdict[] }> => {
  const startMs = performance.now();
  write(`${scenario.name}: ${scenario.title}\n`);
  const outcome = await measureRounds(scenario, values.quick ? 'quick' : 'full', (text) => {
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
    write(isTerminal ? `\r\u001b[2K  ${seconds} s: ${text}` : `  ${seconds} s: ${text}\n`);
  });
  if (isTerminal) write('\r\u001b[2K');
  write(plainTable(tableOf(scenario, outcome.rows)));
  for (const line of outcome.leftOut) write(`  left out: ${line}\n`);
  const verdicts = scenario.goals.map((goal) => judge(goal, medianIn(outcome.rows)));
  for (const verdict of verdicts) write(verdictLine(verdict));
  write('\n');
  return { outcome, verdicts };
};

const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown === undefined) {
  if (!canPin) write('There is no taskset, or one core: server and load are not pinned.\n');
  const [load = 0] = loadavg();
  if (load > 1) write(`The machine is busy (load ${load.toFixed(1)}): times are not to be trusted.\n`);
  if (values.profile !== undefined) setServerNodeOptions(['--cpu-prof', `--cpu-prof-dir=${values.profile}`]);
  const missed: Verdict[] = [];
  for (const scenario of scenarios.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const { verdicts } = await run(scenario);
    missed.push(...verdicts.filter(({ isReached }) => isReached === false));
  }
  if (values.check) {
    write(missed.length === 0 ? 'All is reached.\n' : `Not reached:\n${missed.map(verdictLine).join('')}`);
    process.exitCode = missed.length === 0 ? 0 : 1;
  }
} else {
  write(`There is no scenario '${unknown}': there are ${scenarios.map(({ name }) => name).join(', ')}\n`);
  process.exitCode = 2;
}
