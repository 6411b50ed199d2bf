/** Runs properties and prints what came of them: `pnpm fuzz [name…] [--runs N] [--seed N] [--path P]`, or `pnpm fuzz autobahn`. */
import { parseArgs } from 'node:util';
import { properties } from './properties.ts';
import type { Property } from './property.ts';
import { runProperty, type Summary } from './run-property.ts';
import { defaultSeed } from './seed.ts';
import { runAutobahn } from './standard/autobahn.ts';

const isTerminal = process.stdout.isTTY;
const write = (text: string): void => void process.stdout.write(text);

const progressOf = (name: string, runs: number): ((done: number) => void) => {
  if (!isTerminal) return () => undefined;
  let shownMs = 0;
  return (done) => {
    const nowMs = performance.now();
    if (nowMs - shownMs < 200) return;
    shownMs = nowMs;
    write(`\r\u001b[2K  ${name}: ${done.toLocaleString('en')} of ${runs.toLocaleString('en')}`);
  };
};

const mebi = (bytes: number): string => (bytes / 1_048_576).toFixed(1);

const printed = (summary: Summary): string => {
  const { name, cases, seconds, heldBeforeBytes, heldAfterBytes, exits, unhandledRejections } = summary;
  const { problems, seed, path } = summary;
  const figures = [
    `${cases.toLocaleString('en')} cases in ${seconds.toFixed(0)} s`,
    `memory held ${mebi(heldBeforeBytes)} → ${mebi(heldAfterBytes)} MiB`,
    `exits ${exits}`,
    `unhandled rejections ${unhandledRejections}`,
  ];
  const verdict = problems.length === 0 ? 'passed' : 'FAILED';
  const again = `pnpm fuzz ${name} --seed ${seed}${path === undefined ? '' : ` --path ${path}`}`;
  const lines = [
    `  ${verdict}: ${figures.join(', ')}`,
    ...problems,
    ...(problems.length > 0 ? [`again: ${again}`] : []),
  ];
  return `${lines.join('\n  ')}\n\n`;
};

const run = async (
  property: Property,
  runs: number,
  seed: number,
  path: string | undefined,
): Promise<Summary> => {
  write(`${property.name}: ${property.title}\n`);
  const summary = await runProperty(property, {
    runs,
    seed,
    path,
    progress: progressOf(property.name, runs),
  });
  if (isTerminal) write('\r\u001b[2K');
  write(printed(summary));
  return summary;
};

const number = (text: string | undefined, name: string): number | undefined => {
  if (text === undefined) return undefined;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new Error(`--${name} is ${JSON.stringify(text)}: expected a whole number`);
};

const wantedOf = (names: readonly string[]): readonly Property[] => {
  const unknown = names.find((name) => !properties.some((property) => property.name === name));
  if (unknown !== undefined) {
    const known = properties.map(({ name }) => name).join(', ');
    throw new Error(`there is no property ${JSON.stringify(unknown)}: there are ${known}`);
  }
  return properties.filter(({ name }) => names.length === 0 || names.includes(name));
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string' },
      seed: { type: 'string' },
      path: { type: 'string' },
      short: { type: 'boolean' },
    },
  });
  if (positionals.join() === 'autobahn') return runAutobahn(write);
  const wanted = wantedOf(positionals);
  const seed = number(values.seed, 'seed') ?? defaultSeed;
  const runs = number(values.runs, 'runs');
  const summaries: Summary[] = [];
  for (const property of wanted) {
    const { full, short } = property.cases;
    summaries.push(await run(property, runs ?? (values.short ? short : full), seed, values.path));
  }
  const failed = summaries.filter(({ problems }) => problems.length > 0).map(({ name }) => name);
  const cases = summaries.reduce((sum, summary) => sum + summary.cases, 0);
  write(
    `${cases.toLocaleString('en')} cases. ${failed.length === 0 ? 'Everything held.' : `Failed: ${failed.join(', ')}`}\n`,
  );
  return failed.length === 0 ? 0 : 1;
};

try {
  process.exitCode = await main();
} catch (error) {
  write(`fuzz: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
