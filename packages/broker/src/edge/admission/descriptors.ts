import { readFileSync } from 'node:fs';
import type { Settings } from '../../options.ts';

/** Where no limit is known, or one that is far away. */
const maxDefaultConnections = 100_000;
const maxDefaultPending = 1_000;
const pendingShare = 1 / 8;
/** Requests to the backend may be twice `maxRequests`: those that hang step aside for others. */
const socketsPerRequest = 2;
/** The journal's file, its log, its index, its folder, and what SQLite opens in passing. */
const ofJournal = 8;
/** Node's own, the log, the files of `tls`, command POSTs. */
const ofOthers = 64;

/**
 * How many files and sockets this process may have open; undefined: no limit, or none that can be known. Node raises
 * the soft limit to the hard one when it starts, so that what a shell shows is not what holds.
 */
export const descriptorLimit = (): number | undefined => {
  const limit = limitOfLinux() ?? limitOfReport();
  return typeof limit === 'number' && Number.isSafeInteger(limit) ? limit : undefined;
};

const limitOfLinux = (): number | undefined => {
  try {
    const soft = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
};

const limitOfReport = (): unknown => {
  // Not in the types of Node yet.
  const report = process.report as typeof process.report & { excludeNetwork: boolean };
  const { excludeNetwork } = report;
  // Else it asks for the name of each peer.
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  report.excludeNetwork = excludeNetwork;
  return userLimits?.open_files?.soft;
};

export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly maxPendingSockets: number;
  /** The most connections that there are descriptors for; undefined: any number. */
  readonly affordable: number | undefined;
}

/** What is set, and what follows from the descriptors where nothing is. */
export const connectionLimits = (
  { maxConnections, maxPendingSockets, backend, journal }: Settings,
  descriptors: number | undefined,
): ConnectionLimits => {
  const pending =
    maxPendingSockets ??
    Math.max(1, Math.min(maxDefaultPending, Math.floor((descriptors ?? Infinity) * pendingShare)));
  if (descriptors === undefined) {
    return {
      maxConnections: maxConnections ?? maxDefaultConnections,
      maxPendingSockets: pending,
      affordable: undefined,
    };
  }
  const reserve =
    socketsPerRequest * (backend?.maxRequests ?? 0) + (journal === undefined ? 0 : ofJournal) + ofOthers;
  const affordable = Math.max(1, descriptors - reserve - pending);
  return {
    maxConnections: maxConnections ?? Math.min(maxDefaultConnections, affordable),
    maxPendingSockets: pending,
    affordable,
  };
};
