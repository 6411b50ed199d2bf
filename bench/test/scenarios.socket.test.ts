/** Each scenario with few clients for a moment, beside what comes from npm: that it runs, and not how fast. */
import { expect, test } from 'vitest';
import { measureRounds } from '../src/harness/rounds.ts';
import { scenarios } from '../src/scenarios.ts';

test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
  '%s gives a row with figures for each contender and variant',
  async (_name, scenario) => {
    const { rows, failed } = await measureRounds(scenario, 'smoke');
    expect(failed).toEqual([]);
    const measured = new Set(rows.map(({ contender }) => contender));
    for (const { name, missing, notFor = [] } of scenario.contenders) {
      if (missing?.() === undefined && !notFor.includes('smoke')) expect(measured).toContain(name);
    }
    const [quoted = 'cpuUs'] = scenario.shows;
    for (const { figures } of rows) {
      // How much it is means nothing here: memory of so few may even be less than nothing.
      expect(figures[quoted]?.median).toSatisfy(Number.isFinite);
      if (figures.ratePerSecond) expect(figures.ratePerSecond.median).toBeGreaterThan(0);
      expect(figures.lost?.max ?? 0).toBe(0);
    }
  },
);
