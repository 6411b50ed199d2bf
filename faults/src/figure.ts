/** One measured number, and what it must be. */
export interface Figure {
  /** Of a scenario that has parts: which. */
  readonly part?: string;
  readonly name: string;
  readonly value: string;
  /** What must hold, in words; missing: for information. */
  readonly bound?: string;
  readonly isFine: boolean;
  /** Depends on how fast the machine is: a short run does not assert it. */
  readonly isTiming: boolean;
}

const shown = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 3 : 1);

export const info = (name: string, value: number | string): Figure => ({
  name,
  value: typeof value === 'number' ? shown(value) : value,
  isFine: true,
  isTiming: false,
});

export const exactly = (name: string, value: number, expected: number): Figure => ({
  name,
  value: shown(value),
  bound: `= ${expected}`,
  isFine: value === expected,
  isTiming: false,
});

export const atMost = (name: string, value: number, most: number, unit = ''): Figure => ({
  name,
  value: shown(value) + unit,
  bound: `≤ ${shown(most)}${unit}`,
  isFine: value <= most,
  isTiming: false,
});

export const atLeast = (name: string, value: number, least: number, unit = ''): Figure => ({
  name,
  value: shown(value) + unit,
  bound: `≥ ${shown(least)}${unit}`,
  isFine: value >= least,
  isTiming: false,
});

/** A figure that only a full run on a quiet machine is held to. */
export const timing = (figure: Figure): Figure => ({ ...figure, isTiming: true });

/** Figures of one part of a scenario. */
export const ofPart = (part: string, figures: readonly Figure[]): Figure[] =>
  figures.map((figure) => ({ ...figure, part }));
