/** Any value that JSON can carry. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** An object that came out of JSON, its fields not looked at yet. */
export type JsonObject = Record<string, unknown>;

/** Objects only: no arrays, no null. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
