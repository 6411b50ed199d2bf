/**
 * Whether a socket that was closed with this code is followed by another one.
 *
 * The same rule as `mayReconnect` of `@wsbroker/protocol`, which a browser bundle must not import: a test
 * holds the two equal.
 */
export const mayReconnect = (code: number): boolean => code < 4500 && code !== 1000;

/** The standard's code for a socket that ended without a close frame; browsers report it as well. */
export const abnormalClosure = 1006;
