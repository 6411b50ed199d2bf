import * as z from 'zod';
import { errorResultSchema } from './error-code.ts';

/** Result of `close`, `send` and `session`: how many connections it reached. */
export const matchedResultSchema = z.looseObject({ matched: z.int().min(0) });
export type MatchedResult = z.infer<typeof matchedResultSchema>;

/** Result of `log`. */
export const logResultSchema = z.null();

/** Result of `reply`. */
export const replyResultSchema = z.null();

/** Some fields of a `sessionInfo`: all of them, or those that `fields` named. */
const listedSchema = z.record(z.string(), z.unknown());

/** Result of `list`: every `sessionInfo`. */
export const listResultSchema = z.array(listedSchema);
/** Result of `list` with `limit`. `cursor` is there when there is more. */
export const listPageResultSchema = z.looseObject({
  connections: z.array(listedSchema),
  cursor: z.string().optional(),
});
/** Result of `list` with `count`. */
export const listCountResultSchema = z.looseObject({ count: z.int().min(0) });
export type ListResult = z.infer<typeof listResultSchema>;
export type ListPageResult = z.infer<typeof listPageResultSchema>;
export type ListCountResult = z.infer<typeof listCountResultSchema>;

/** Result of each built-in command, by its type. In its place an {@link errorResultSchema} when it failed. */
export const commandResultSchemas = {
  close: z.union([errorResultSchema, matchedResultSchema]),
  list: z.union([errorResultSchema, listCountResultSchema, listPageResultSchema, listResultSchema]),
  log: z.union([errorResultSchema, logResultSchema]),
  reply: z.union([errorResultSchema, replyResultSchema]),
  send: z.union([errorResultSchema, matchedResultSchema]),
  session: z.union([errorResultSchema, matchedResultSchema]),
} as const;

/** The body of the answer to a command POST: one result a command, in order. */
export const commandResultListSchema = z.array(z.unknown());
