import { sendBadly } from './generators/bad-messages.ts';
import { pingUnread } from './generators/pings.ts';

/** Counts of what happened, by name; they only ever grow, but for what is `open`. */
export type Facts = Record<string, number>;

/** Every kind of load. */
export const generators = { sendBadly, pingUnread };

export type LoadKind = keyof typeof generators;
export type LoadParams<K extends LoadKind> = Parameters<(typeof generators)[K]>[0];
