import { percent } from './costs.ts';
import type { Frame, FrameKind } from './cpu-profile.ts';

const width = 1_200;
const rowHeight = 18;
const headerHeight = 56;
/** About what a character takes, in pixels. */
const characterWidth = 6.2;

const colours: Readonly<Record<FrameKind, string>> = {
  broker: '#f2994a',
  ws: '#9b8ae0',
  undici: '#6cb8a6',
  node: '#7fb2e5',
  native: '#c9c9c9',
  other: '#e6c34d',
};

const legends: Readonly<Record<FrameKind, string>> = {
  broker: 'broker',
  ws: 'ws',
  undici: 'undici',
  node: 'Node.js',
  native: 'native code, collection of garbage',
  other: 'other packages',
};

export interface FlameGraphOptions {
  readonly title: string;
  /** Narrower frames are left out, with all that they call, until the file is no larger. @default 140000 */
  readonly maxBytes?: number;
}

/** A call tree as one SVG: callers above, as wide as the time that they took. */
export const flameGraph = (root: Frame, { title, maxBytes = 140_000 }: FlameGraphOptions): string => {
  let minWidth = 1.2;
  let svg = drawn(root, title, minWidth);
  while (svg.length > maxBytes) {
    minWidth *= 1.25;
    svg = drawn(root, title, minWidth);
  }
  return svg;
};

const drawn = (root: Frame, title: string, minWidth: number): string => {
  const boxes: string[] = [];
  const scale = width / Math.max(1, root.totalUs);
  let depth = 0;
  const draw = (frame: Frame, x: number, row: number): void => {
    const boxWidth = frame.totalUs * scale;
    if (boxWidth < minWidth) return;
    depth = Math.max(depth, row + 1);
    boxes.push(box(frame, { x, row, boxWidth, share: frame.totalUs / root.totalUs }));
    let childX = x;
    for (const child of frame.children) {
      draw(child, childX, row + 1);
      childX += child.totalUs * scale;
    }
  };
  draw({ ...root, name: 'all', kind: 'native' }, 0, 0);
  const height = headerHeight + depth * rowHeight + 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="8" y="20" font-size="15" font-weight="bold">${escaped(title)}</text>`,
    legend(),
    `<g stroke="#fff" stroke-width=".5">`,
    ...boxes,
    '</g></svg>\n',
  ].join('\n');
};

interface Box {
  readonly x: number;
  readonly row: number;
  readonly boxWidth: number;
  readonly share: number;
}

const box = ({ name, kind, place, selfUs, totalUs }: Frame, { x, row, boxWidth, share }: Box): string => {
  const y = headerHeight + row * rowHeight;
  const own = percent(totalUs === 0 ? 0 : (selfUs / totalUs) * share);
  const said = `${name}${place && ` (${place})`}: ${percent(share)}, itself ${own}`;
  const rect = `<rect x="${round(x)}" y="${y}" width="${round(boxWidth)}" height="${rowHeight}" fill="${colours[kind]}"/>`;
  return `<g><title>${escaped(said)}</title>${rect}${label(`${name} ${percent(share)}`, x, y, boxWidth)}</g>`;
};

const label = (...[text, x, y, boxWidth]: [text: string, x: number, y: number, boxWidth: number]): string => {
  const room = Math.floor((boxWidth - 6) / characterWidth);
  if (room < 3) return '';
  const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text;
  return `<text x="${round(x + 3)}" y="${y + 13}" stroke="none">${escaped(shown)}</text>`;
};

const legend = (): string => {
  let x = 8;
  return Object.entries(legends)
    .map(([kind, text]) => {
      const square = `<rect x="${x}" y="32" width="12" height="12" fill="${colours[kind as FrameKind]}"/>`;
      const said = `<text x="${x + 17}" y="42">${text}</text>`;
      x += 40 + Math.round(text.length * characterWidth);
      return square + said;
    })
    .join('');
};

const round = (value: number): number => Math.round(value * 10) / 10;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
