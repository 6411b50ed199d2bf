import * as z from 'zod';

/**
 * A field whose content is the application's affair: anything JSON can hold, but it must be there.
 * Not `z.json()`: walking the whole value would cost per message and find nothing, since it was parsed from JSON.
 */
export const anyJsonSchema = z
  .unknown()
  .refine((value) => value !== undefined, 'Expected any JSON value, but the field is missing');
