/** Measures scenarios and prints what came of it: `pnpm bench [--quick] [--check] [name…]`. */
import { parseArgs } from 'node:util';
import { thisMachine } from './harness/machine.ts';
import { measureRounds } from './harness/rounds.ts';
import { setServerNodeOptions } from './harness/server.ts';
import { verdictLine, verdictsOf } from './report/goals.ts';
import { remarksOn } from './report/limits.ts';
import type { Result } from './report/page.ts';
import { publish } from './report/publish.ts';
import { plainTable, tableOf } from './report/table.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';

// An `exit` event is what ends the processes that were started; a signal alone would leave them behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    /** Seconds in all, and rough. */
    quick: { type: 'boolean', default: false },
    /** Whether a goal that is missed is a failure. */
    check: { type: 'boolean', default: false },
    /** Writes the report also when only some scenarios are named. */
    write: { type: 'boolean', default: false },
    /** Measures only the contenders whose name contains one of these. */
    only: { type: 'string', multiple: true, default: [] },
    /** In place of each scenario's own number. */
    rounds: { type: 'string' },
    /** The folder where each server leaves a CPU profile. */
    profile: { type: 'string' },
  },
});

const isTerminal = process.stdout.isTTY;
const write = (text: string): void => void process.stdout.write(text);

const versionsOf = ({ contenders }: Scenario): readonly string[] =>
  contenders.flatMap(({ name, version, missing }) =>
    version && missing?.() === undefined ? [`${name} ${version()}`] : [],
  );

/** Looked at once: later on the load is our own. */
const machine = thisMachine();

const run = async (scenario: Scenario): Promise<Result> => {
  const startMs = performance.now();
  write(`${scenario.name}: ${scenario.title}\n`);
  const outcome = await measureRounds(scenario, options.quick ? 'quick' : 'full', (text) => {
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
    write(isTerminal ? `\r\u001b[2K  ${seconds} s: ${text}` : `  ${seconds} s: ${text}\n`);
  });
  if (isTerminal) write('\r\u001b[2K');
  write(plainTable(tableOf(scenario, outcome.rows)));
  for (const remark of remarksOn(outcome)) write(`  ${remark}\n`);
  for (const verdict of verdictsOf(scenario, outcome)) write(verdictLine(verdict, scenario));
  write('\n');
  return { machine, versions: versionsOf(scenario), outcome };
};

const warn = (): void => {
  const { isPinned, loadBefore } = machine;
  if (!isPinned) write('There is no taskset, or one core: server and load are not pinned.\n');
  if (loadBefore > 1) write(`The machine is busy (load ${loadBefore}): times are not to be trusted.\n`);
};

/** Prints what falls short, and says whether something does. */
const check = (results: ReadonlyMap<Scenario, Result>): boolean => {
  const missed = [...results].flatMap(([scenario, { outcome }]) =>
    verdictsOf(scenario, outcome)
      .filter(({ isReached }) => isReached === false)
      .map((verdict) => verdictLine(verdict, scenario)),
  );
  write(missed.length === 0 ? 'All is reached.\n' : `Falls short:\n${missed.join('')}`);
  return missed.length === 0;
};

const withContenders = (scenario: Scenario): Scenario => ({
  ...scenario,
  ...(options.rounds === undefined ? {} : { fullRounds: Number(options.rounds) }),
  contenders: scenario.contenders.filter(
    ({ name }) => options.only.length === 0 || options.only.some((part) => name.includes(part)),
  ),
});

const runAll = async (wanted: readonly Scenario[]): Promise<number> => {
  warn();
  if (options.profile !== undefined) {
    setServerNodeOptions(['--cpu-prof', `--cpu-prof-dir=${options.profile}`]);
  }
  const results = new Map<Scenario, Result>();
  for (const scenario of wanted) results.set(scenario, await run(withContenders(scenario)));
  const isFair = !options.quick && options.profile === undefined && options.only.length === 0;
  const isComplete = [...results.values()].every(({ outcome }) => outcome.failed.length === 0);
  if (isFair && isComplete && (wanted.length === scenarios.length || options.write)) {
    publish(scenarios, Object.fromEntries([...results].map(([{ name }, result]) => [name, result])));
  }
  const isReached = !options.check || check(results);
  return isComplete && isReached ? 0 : 1;
};

const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown === undefined) {
  process.exitCode = await runAll(scenarios.filter(({ name }) => names.length === 0 || names.includes(name)));
} else {
  write(`There is no scenario '${unknown}': there are ${scenarios.map(({ name }) => name).join(', ')}\n`);
  process.exitCode = 2;
}
