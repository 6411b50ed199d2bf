import { expect, test } from 'vitest';
import { format } from 'prettier';
import { threeDigits } from '../figures.ts';
import type { Outcome, Row } from '../harness/rounds.ts';
import type { Scenario } from '../scenario.ts';
import { chartOf, linearTicks, logarithmicTicks } from './chart.ts';
import { limitedByLoad } from './limits.ts';
import { pageOf, type Result, withPage } from './page.ts';
import { markdownTable, plainTable, tableOf } from './table.ts';

const even = (value: number) => ({ median: value, min: value, max: value });

const rows: readonly Row[] = [
  {
    contender: 'wsbroker',
    variant: '1 at once',
    figures: { cpuUs: { median: 0.5, min: 0.4, max: 0.61 }, ratePerSecond: even(1_812_345) },
  },
  { contender: 'plain ws', variant: '1 at once', figures: { cpuUs: even(10), ratePerSecond: even(101_234) } },
];

const contender = (name: string) => ({ name, measure: () => Promise.resolve([]) });

const scenario: Scenario = {
  name: 'made-up',
  title: 'Nothing <at all> is done',
  unit: 'delivery',
  contenders: [contender('wsbroker'), contender('plain ws')],
  shows: ['cpuUs', 'ratePerSecond'],
  goals: [
    {
      of: { contender: 'wsbroker', variant: '1 at once' },
      over: { contender: 'plain ws', variant: '1 at once' },
      figure: 'cpuUs',
      atMost: 0.01,
    },
  ],
};

const outcome: Outcome = { scenario: 'made-up', rounds: 5, rows, leftOut: ['nchan: not there'], failed: [] };

test('a table has the quoted figure with its spread, the others, and the ratio to ours', () => {
  expect(plainTable(tableOf(scenario, rows))).toBe(
    [
      '                         CPU µs per delivery   a second  wsbroker ÷ it',
      '  1 at once  wsbroker  0.500 (0.400 – 0.610)  1,810,000',
      '  1 at once  plain ws                   10.0    101,000          0.050',
      '',
    ].join('\n'),
  );
});

test('the part of the README that a run writes is as prettier has it', async () => {
  const machine = {
    date: '2026-11-24',
    processor: 'A processor',
    cores: 2,
    system: 'Linux 6',
    node: 'v24',
    isPinned: true,
    loadBefore: 0,
  };
  const result: Result = { machine, versions: ['plain ws 8'], outcome };
  const readme = '# bench\n\n<!-- measured: begin -->\nold\n<!-- measured: end -->\n';
  const written = withPage(readme, pageOf([scenario], { 'made-up': result }));
  expect(written).not.toContain('old');
  expect(written).toContain('Left out: nchan: not there.');
  expect(written).toContain('✗');
  expect(await format(written, { parser: 'markdown', printWidth: 110, proseWrap: 'preserve' })).toBe(written);
});

test('a README without the place for it is refused', () => {
  expect(() => withPage('# bench\n', 'page')).toThrow('the README lacks the lines');
});

test('a row is marked where the load client could do no more and the server could', () => {
  const row = (serverBusy: number, loadBusy: number): Row => ({
    contender: 'a',
    variant: String(loadBusy),
    figures: { serverBusy: even(serverBusy), loadBusy: even(loadBusy) },
  });
  const limited = limitedByLoad({ ...outcome, rows: [row(0.8, 0.99), row(0.99, 0.98), row(0.8, 0.9)] });
  expect(limited).toEqual(['a, 0.99']);
});

test('a chart has a line for each row and is well-formed', () => {
  const svg = chartOf({
    title: scenario.title,
    unit: 'delivery',
    figure: 'cpuUs',
    rows,
    isOurs: (name) => name === 'wsbroker',
  });
  expect(svg.match(/<circle/g)).toHaveLength(2);
  expect(svg).toContain('Nothing &lt;at all&gt; is done');
  expect(svg).not.toContain('NaN');
});

test('markdown has numbers to the right', () => {
  expect(markdownTable({ headings: ['who', 'n'], lines: [['a', '1']] })).toBe(
    '| who |   n |\n| --- | --: |\n| a   |   1 |\n',
  );
});

test('ticks span the values', () => {
  expect(logarithmicTicks(0.5, 11)).toEqual([0.5, 1, 2, 5, 10, 20]);
  expect(linearTicks(4.2)).toEqual([0, 1, 2, 3, 4, 5]);
});

test('figures have three digits that matter', () => {
  expect([0.5628, 8.114, 12.36, 1234.5, 0, 0.0123].map(threeDigits)).toEqual([
    '0.563',
    '8.11',
    '12.4',
    '1235',
    '0',
    '0.012',
  ]);
});
