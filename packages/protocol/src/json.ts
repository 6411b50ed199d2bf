import * as z from 'zod';

/** Any value that JSON can carry. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** An object that came out of JSON, its fields not looked at yet. */
export type JsonObject = Record<string, unknown>;

/**
 * A field whose content is the application's affair: anything JSON can hold, but it must be there.
 * Not `z.json()`: walking the whole value would cost per message and find nothing, since it was parsed from JSON.
 */
export const anyJsonSchema = z.unknown().refine((value) => value !== undefined, 'Expected a JSON value');

/** Plain objects only: no arrays, no null. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
