/**
 * Where the time goes: profiles this broker under a load, and makes a flame graph and a table of it.
 *
 * `node bench/src/profile.ts [fan-out] [events]` writes `bench/profiles/<name>.svg`;
 * `node bench/src/profile.ts x.cpuprofile x.svg` draws a profile that is there.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { argv, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { costsOf, costTable, kindShares, percent } from './flame/costs.ts';
import { callTree, type CpuProfile, type Span } from './flame/cpu-profile.ts';
import { flameGraph } from './flame/flame-graph.ts';
import { profiled } from './flame/profiled.ts';

const tableRows = 20;

interface Drawing {
  readonly svgPath: string;
  readonly title: string;
  readonly span?: Span;
}

/** Writes the SVG and prints what costs most. */
const report = async (profilePath: string, { svgPath, title, span }: Drawing): Promise<void> => {
  const tree = callTree(JSON.parse(await readFile(profilePath, 'utf8')) as CpuProfile, span);
  await writeFile(svgPath, flameGraph(tree, { title }));
  const costs = costsOf(tree);
  const kinds = [...kindShares(costs)].map(([kind, share]) => `${kind} ${percent(share)}`).join(', ');
  const seconds = (tree.totalUs / 1_000_000).toFixed(1);
  stdout.write(
    `\n${title}, ${seconds} s of work\n\nBy whose code runs: ${kinds}\n\n${costTable(costs, 'self', tableRows)}\n\n`,
  );
  stdout.write(`${costTable(costs, 'total', tableRows)}\n`);
};

const profile = async (name: string): Promise<void> => {
  const found = profiled[name];
  if (!found) throw new Error(`No load "${name}": take one of ${Object.keys(profiled).join(', ')}`);
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-profile-'));
  try {
    const span = await found.run(['--cpu-prof', `--cpu-prof-dir=${folder}`]);
    const [file = ''] = await readdir(folder);
    const target = fileURLToPath(new URL('../profiles/', import.meta.url));
    await mkdir(target, { recursive: true });
    const svgPath = join(target, `${name}.svg`);
    await report(join(folder, file), { svgPath, title: found.title, span });
  } finally {
    await rm(folder, { recursive: true });
  }
};

const names = argv.slice(2);
const [from = '', to = ''] = names;
if (from.endsWith('.cpuprofile')) await report(from, { svgPath: to, title: basename(from) });
else for (const name of names.length > 0 ? names : Object.keys(profiled)) await profile(name);
