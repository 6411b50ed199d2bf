import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Scenario } from '../scenario.ts';
import { chartOf } from './chart.ts';
import { pageOf, type Results, withPage } from './page.ts';

const inBench = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const readResults = (): Results =>
  existsSync(inBench('results.json'))
    ? (JSON.parse(readFileSync(inBench('results.json'), 'utf8')) as Results)
    : {};

/** This broker, also in another role; the one that it comes from is a peer. */
const isOurs = (contender: string): boolean => contender === 'wsbroker' || contender.startsWith('wsbroker,');

/** Puts these results in place of older ones of the same scenarios, and writes table and charts anew. */
export const publish = (scenarios: readonly Scenario[], measured: Results): void => {
  const results = { ...readResults(), ...measured };
  writeFileSync(inBench('results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
  mkdirSync(inBench('charts'), { recursive: true });
  for (const scenario of scenarios) {
    const result = results[scenario.name];
    const [figure] = scenario.shows;
    if (!result || figure === undefined) continue;
    const chart = chartOf({
      title: scenario.title,
      unit: scenario.unit,
      figure,
      rows: result.outcome.rows,
      isOurs,
    });
    writeFileSync(inBench(`charts/${scenario.name}.svg`), chart);
  }
  const readme = readFileSync(inBench('README.md'), 'utf8');
  writeFileSync(inBench('README.md'), withPage(readme, pageOf(scenarios, results)));
};
