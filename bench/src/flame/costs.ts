import type { Frame, FrameKind } from './cpu-profile.ts';

/** What one function, or one kind of code, costs: parts of the whole, from 0 to 1. */
export interface Cost {
  readonly name: string;
  readonly kind: FrameKind;
  readonly place: string;
  readonly self: number;
  /** With all that it calls. */
  readonly total: number;
}

interface Sum extends Frame {
  selfSum: number;
  totalSum: number;
}

/** The functions of a call tree, wherever they are called from. */
export const costsOf = (root: Frame): readonly Cost[] => {
  const sums = new Map<string, Sum>();
  const visit = (frame: Frame, callers: ReadonlySet<string>): void => {
    const key = `${frame.name} ${frame.place}`;
    const sum = sums.get(key) ?? { ...frame, selfSum: 0, totalSum: 0 };
    sums.set(key, sum);
    sum.selfSum += frame.selfUs;
    // A function that calls itself counts once.
    if (!callers.has(key)) sum.totalSum += frame.totalUs;
    const inside = new Set([...callers, key]);
    for (const child of frame.children) visit(child, inside);
  };
  for (const child of root.children) visit(child, new Set());
  return [...sums.values()].map(({ name, kind, place, selfSum, totalSum }) => {
    return { name, kind, place, self: selfSum / root.totalUs, total: totalSum / root.totalUs };
  });
};

/** How much of the time each kind of code ran itself. */
export const kindShares = (costs: readonly Cost[]): ReadonlyMap<FrameKind, number> => {
  const shares = new Map<FrameKind, number>();
  for (const { kind, self } of costs) shares.set(kind, (shares.get(kind) ?? 0) + self);
  return new Map([...shares].toSorted(([, a], [, b]) => b - a));
};

/** A Markdown table of the functions that cost most. */
export const costTable = (costs: readonly Cost[], by: 'self' | 'total', count: number): string => {
  const rows = costs
    .toSorted((a, b) => b[by] - a[by])
    .slice(0, count)
    .map(({ name, kind, place, self, total }) => {
      return `| ${percent(self)} | ${percent(total)} | ${name} | ${place || kind} |`;
    });
  return ['| self | total | function | place |', '| ---: | ---: | --- | --- |', ...rows].join('\n');
};

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
