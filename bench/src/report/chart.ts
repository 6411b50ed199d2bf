import { type FigureName, figureFormats, tickText } from '../figures.ts';
import type { Row } from '../harness/rounds.ts';
import type { Spread } from '../harness/percentile.ts';

/** A line of the chart: a point at the median, and a stroke from the smallest to the largest. */
interface Mark {
  readonly label: string;
  readonly spread: Spread;
  readonly isOurs: boolean;
}

export interface ChartOptions {
  readonly title: string;
  /** What is counted. */
  readonly unit: string;
  readonly figure: FigureName;
  readonly rows: readonly Row[];
  /** Contenders that stand out. */
  readonly isOurs: (contender: string) => boolean;
}

const width = 760;
const labelsEnd = 190;
const plotEnd = 660;
const lineHeight = 22;
const groupGap = 14;
const headerHeight = 84;

const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .group { font-weight: 600; }
  .axis { fill: #59636e; font-size: 12px; }
  .grid { stroke: #d1d9e0; }
  .peer { fill: #59636e; stroke: #59636e; }
  .ours { fill: #0969da; stroke: #0969da; }
  .value-ours { fill: #0969da; font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .axis { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .peer { fill: #9198a1; stroke: #9198a1; }
    .ours { fill: #4493f8; stroke: #4493f8; }
    .value-ours { fill: #4493f8; }
  }`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

interface Axis {
  readonly isLogarithmic: boolean;
  readonly ticks: readonly number[];
  readonly x: (value: number) => number;
}

const steps = [1, 2, 5];

/** 1, 2 and 5 times each power of ten, from one below the smallest value to one above the largest. */
export const logarithmicTicks = (min: number, max: number): readonly number[] => {
  const from = Math.floor(Math.log10(min));
  const to = Math.ceil(Math.log10(max));
  const all = Array.from({ length: to - from + 1 }, (_, at) => from + at).flatMap((power) =>
    steps.map((step) => Number((step * 10 ** power).toPrecision(1))),
  );
  const first = all.findLastIndex((tick) => tick <= min);
  const last = all.findIndex((tick) => tick >= max);
  return all.slice(Math.max(0, first), last === -1 ? undefined : last + 1);
};

/** From 0, in about five steps. */
export const linearTicks = (max: number): readonly number[] => {
  const rough = max / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (steps.find((factor) => factor * power >= rough) ?? 10);
  return Array.from({ length: Math.ceil(max / step) + 1 }, (_, at) => Number((at * step).toPrecision(6)));
};

/** Beyond this ratio a scale from 0 would press the small ones together. */
const logarithmicFrom = 5;

const axisOf = (marks: readonly Mark[]): Axis => {
  const lows = marks.map(({ spread }) => spread.min).filter((value) => value > 0);
  const min = Math.min(...lows);
  const max = Math.max(...marks.map(({ spread }) => spread.max));
  const isLogarithmic = max / min > logarithmicFrom;
  const ticks = isLogarithmic ? logarithmicTicks(min, max) : linearTicks(max);
  const place = isLogarithmic ? Math.log10 : (value: number): number => value;
  const from = place(ticks[0] ?? 0);
  const to = place(ticks.at(-1) ?? 1);
  const x = (value: number): number =>
    labelsEnd + ((place(Math.max(value, ticks[0] ?? 0)) - from) / (to - from)) * (plotEnd - labelsEnd);
  return { isLogarithmic, ticks, x };
};

const round = (value: number): string => String(Math.round(value * 10) / 10);

const drawMark = ({ label, spread, isOurs }: Mark, axis: Axis, y: number, figure: FigureName): string => {
  const kind = isOurs ? 'ours' : 'peer';
  const { format } = figureFormats[figure];
  const [x, from, to] = [spread.median, spread.min, spread.max].map(axis.x).map(round);
  return (
    `<text x="${labelsEnd - 14}" y="${y + 4}" text-anchor="end">${escaped(label)}</text>` +
    `<line class="${kind}" x1="${from}" x2="${to}" y1="${y}" y2="${y}" stroke-width="2"/>` +
    `<circle class="${kind}" cx="${x}" cy="${y}" r="5"/>` +
    `<text class="${isOurs ? 'value-ours' : ''}" x="${round(Number(to) + 10)}" y="${y + 4}">${format(spread.median)}</text>\n`
  );
};

/** A chart of points, one for each row, as an SVG that reads in light and dark. */
export const chartOf = ({ title, unit, figure, rows, isOurs }: ChartOptions): string => {
  const marks = rows.flatMap(({ contender, variant, figures }) => {
    const spread = figures[figure];
    return spread && Number.isFinite(spread.max)
      ? [{ label: contender, variant, spread, isOurs: isOurs(contender) }]
      : [];
  });
  const axis = axisOf(marks);
  const scale = axis.isLogarithmic ? 'logarithmic' : 'from 0';
  const subtitle = `${figureFormats[figure].heading(unit)}: median, smallest and largest of the rounds; ${scale}`;
  const groups = [...Map.groupBy(marks, ({ variant }) => variant)];
  let y = headerHeight;
  const body = groups.map(([variant, group]) => {
    y += groupGap;
    const heading = `<text class="group" x="12" y="${y + 4}">${escaped(variant)}</text>\n`;
    if (variant !== '') y += lineHeight;
    const lines = group.map((mark) => {
      const line = drawMark(mark, axis, y, figure);
      y += lineHeight;
      return line;
    });
    return (variant === '' ? '' : heading) + lines.join('');
  });
  const bottom = y;
  const grid = axis.ticks.map((tick) => {
    const x = round(axis.x(tick));
    return (
      `<line class="grid" x1="${x}" x2="${x}" y1="${headerHeight - 8}" y2="${bottom}"/>` +
      `<text class="axis" x="${x}" y="${headerHeight - 14}" text-anchor="middle">${tickText(tick)}</text>\n`
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 12}" width="${width}" height="${bottom + 12}" role="img">\n` +
    `<title>${escaped(title)}</title>\n<style>${style}\n</style>\n` +
    `<text class="title" x="12" y="22">${escaped(title)}</text>\n` +
    `<text class="axis" x="12" y="42">${escaped(subtitle)}</text>\n` +
    `${grid.join('')}${body.join('')}</svg>\n`
  );
};
