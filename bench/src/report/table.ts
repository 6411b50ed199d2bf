import { type FigureName, figureFormats, threeDigits } from '../figures.ts';
import type { Row } from '../harness/rounds.ts';
import type { Scenario } from '../scenario.ts';

/** Cells in columns: the first is text, the others are numbers. */
export interface Table {
  readonly headings: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

const variantsOf = (rows: readonly Row[]): readonly string[] => [
  ...new Set(rows.map(({ variant }) => variant)),
];

/** Rows of one variant stand together; ours is the first of them, and what the others cost is told in its terms. */
export const tableOf = ({ shows, contenders, unit }: Scenario, rows: readonly Row[]): Table => {
  const [quoted = 'cpuUs'] = shows;
  const ours = contenders[0]?.name;
  const variants = variantsOf(rows);
  const hasPeers = rows.some(({ contender }) => contender !== ours);
  const hasVariants = variants.some((variant) => variant !== '');
  const cell = ({ figures }: Row, name: FigureName): string => {
    const spread = figures[name];
    if (!spread) return '';
    const { format } = figureFormats[name];
    const [median, min, max] = [spread.median, spread.min, spread.max].map(format);
    return name === quoted && min !== max ? `${median} (${min} – ${max})` : (median ?? '');
  };
  const lines = variants.flatMap((variant) => {
    const group = rows.filter((row) => row.variant === variant);
    const own = group.find(({ contender }) => contender === ours)?.figures[quoted]?.median;
    return group.map((row) => {
      const other = row.figures[quoted]?.median;
      const ratio = own === undefined || other === undefined ? '' : threeDigits(own / other);
      return [
        ...(hasVariants ? [variant] : []),
        row.contender,
        ...shows.map((name) => cell(row, name)),
        ...(hasPeers ? [row.contender === ours ? '' : ratio] : []),
      ];
    });
  });
  return {
    headings: [
      ...(hasVariants ? [''] : []),
      '',
      ...shows.map((name) => figureFormats[name].heading(unit)),
      ...(hasPeers ? [`${ours} ÷ it`] : []),
    ],
    lines,
  };
};

const widthsOf = ({ headings, lines }: Table): readonly number[] =>
  headings.map((heading, at) => Math.max(3, heading.length, ...lines.map((line) => line[at]?.length ?? 0)));

const isNumeric = ({ lines }: Table, at: number): boolean =>
  lines.every((line) => /^[\d.,]*( \(.*\)| %)?$/.test(line[at] ?? ''));

const pad = (text: string, width: number, isRight: boolean): string =>
  isRight ? text.padStart(width) : text.padEnd(width);

/** In columns, for a terminal. */
export const plainTable = (table: Table): string => {
  const widths = widthsOf(table);
  const print = (line: readonly string[]): string =>
    `  ${line
      .map((text, at) => pad(text, widths[at] ?? 0, isNumeric(table, at)))
      .join('  ')
      .trimEnd()}\n`;
  return [table.headings, ...table.lines].map(print).join('');
};

/** In Markdown, as prettier has it. */
export const markdownTable = (table: Table): string => {
  const widths = widthsOf(table);
  const print = (line: readonly string[]): string =>
    `| ${line.map((text, at) => pad(text, widths[at] ?? 0, isNumeric(table, at))).join(' | ')} |\n`;
  const rule = widths.map((width, at) =>
    isNumeric(table, at) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [print(table.headings), print(rule), ...table.lines.map(print)].join('');
};
