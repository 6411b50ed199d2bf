/** What was measured in one window of time, or of one state. A scenario gives those that it has. */
export interface Figures {
  /** CPU time of the server, user and system, for one delivery, event or connection. */
  readonly cpuUs?: number;
  /** Deliveries, events or connections in a second. */
  readonly ratePerSecond?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Memory of the server for one connection. */
  readonly bytesPerConnection?: number;
  /** The part of it that is in the heap, or is held by what is there. */
  readonly heapBytesPerConnection?: number;
  /** CPU time of the longest turn of the event loop. */
  readonly longestTurnMs?: number;
  /** The part of the time that the server was on its processor: 1 is all of it. */
  readonly serverBusy?: number;
  /** The same of the load client. */
  readonly loadBusy?: number;
  /** What should have arrived and did not. */
  readonly lost?: number;
}

export type FigureName = keyof Figures;

interface FigureFormat {
  /** @param unit What is counted, in the singular. */
  readonly heading: (unit: string) => string;
  readonly format: (value: number) => string;
}

/** Three digits that matter, however large it is. */
export const threeDigits = (value: number): string => {
  if (value === 0) return '0';
  const whole = Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.min(3, Math.max(0, 3 - whole)));
};

/** As it is said on an axis: no digits that say nothing. */
export const tickText = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en');

const grouped = (value: number): string => Math.round(value).toLocaleString('en');
const rounded = (value: number): string => grouped(Number(value.toPrecision(3)));
const share = (value: number): string => `${Math.round(value * 100)} %`;

export const figureFormats: Readonly<Record<FigureName, FigureFormat>> = {
  cpuUs: { heading: (unit) => `CPU µs per ${unit}`, format: threeDigits },
  ratePerSecond: { heading: () => 'a second', format: rounded },
  p50Ms: { heading: () => 'p50, ms', format: threeDigits },
  p99Ms: { heading: () => 'p99, ms', format: threeDigits },
  bytesPerConnection: { heading: () => 'bytes each', format: rounded },
  heapBytesPerConnection: { heading: () => 'in the heap', format: rounded },
  longestTurnMs: { heading: () => 'longest turn, ms', format: threeDigits },
  serverBusy: { heading: () => 'server busy', format: share },
  loadBusy: { heading: () => 'load busy', format: share },
  lost: { heading: () => 'lost', format: grouped },
};
