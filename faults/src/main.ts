/** Runs scenarios and prints what came of them: `pnpm faults [--short] [name…]`; `--loads` takes the other set. */
import { availableParallelism, loadavg } from 'node:os';
import type { Figure } from './figure.ts';
import { loads } from './loads.ts';
import type { Progress, Scenario } from './scenario.ts';
import { scenarios as faults } from './scenarios.ts';

// An `exit` event is what ends the processes that were started; a signal alone would leave them behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

const args = process.argv.slice(2);
const scenarios = args.includes('--loads') ? loads : faults;
const isShort = args.includes('--short');
const isTerminal = process.stdout.isTTY;
const write = (text: string): void => void process.stdout.write(text);

const progressOf = ({ name }: Scenario): Progress => {
  if (!isTerminal) return () => undefined;
  return (text) => write(`\r\u001b[2K  ${name}: ${text}`);
};

/** In small, on whatever machine, times mean nothing. */
const holds = ({ isFine, isTiming }: Figure): boolean => isFine || (isShort && isTiming);

const widest = 64;

/** In columns: what is measured, its value, and what it must be. */
const printed = (figures: readonly Figure[]): string => {
  const width = (text: (figure: Figure) => string): number =>
    Math.min(widest, Math.max(...figures.map((figure) => text(figure).length)));
  const [nameWidth, valueWidth] = [width(({ name }) => name), width(({ value }) => value)];
  const line = (figure: Figure, at: number): string => {
    const { part, name, value, bound = '' } = figure;
    const heading = part === undefined || part === figures[at - 1]?.part ? '' : `   ${part}:\n`;
    const cells = [name.padEnd(nameWidth), value.padStart(valueWidth), bound];
    return `${heading}  ${holds(figure) ? ' ' : '✗'} ${cells.join('   ').trimEnd()}\n`;
  };
  return figures.map(line).join('');
};

const run = async (scenario: Scenario): Promise<boolean> => {
  const startMs = performance.now();
  write(`${scenario.name}: ${scenario.title}\n`);
  const progress = progressOf(scenario);
  const figures = await (isShort ? scenario.short(progress) : scenario.full(progress)).catch(
    (error: unknown): Figure[] => [
      { name: 'did not run', value: String((error as Error).stack), isFine: false, isTiming: false },
    ],
  );
  if (isTerminal) write('\r\u001b[2K');
  write(printed(figures));
  const isFine = figures.every(holds);
  write(`  ${isFine ? 'passed' : 'FAILED'} in ${((performance.now() - startMs) / 1_000).toFixed(0)} s\n\n`);
  return isFine;
};

/** Other work on the machine is in every figure that is a time. */
const warnOfOthers = (): void => {
  const [load = 0] = loadavg();
  if (load < 1) return;
  write(
    `The machine is busy (load ${load.toFixed(1)}, ${availableParallelism()} cores): times are not to be trusted.\n\n`,
  );
};

const names = args.filter((arg) => !arg.startsWith('-'));
const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown === undefined) {
  warnOfOthers();
  const wanted = scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
  const failed: string[] = [];
  for (const scenario of wanted) if (!(await run(scenario))) failed.push(scenario.name);
  write(failed.length === 0 ? 'All bounds held.\n' : `Out of bounds: ${failed.join(', ')}\n`);
  process.exit(failed.length === 0 ? 0 : 1);
} else {
  write(`There is no scenario '${unknown}': there are ${scenarios.map(({ name }) => name).join(', ')}\n`);
  process.exitCode = 2;
}
