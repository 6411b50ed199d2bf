import * as z from 'zod';
import { anyJsonSchema } from './any-json.ts';
import { criteriaSchema } from './criteria.ts';

/** PHP encodes an empty array as `[]` where an empty object is meant; both are taken. */
const emptyListSchema = z.array(z.never()).max(0);

const orEmptyList = <T extends z.ZodType>(schema: T, expected: string) =>
  z.union([schema, emptyListSchema], expected);

const targetSchema = orEmptyList(
  criteriaSchema,
  'Expected an object of criteria, such as {"room":"lobby"}; leave it out for none',
);

/** Which connections a command means. */
const targetShape = {
  /**
   * Connections that match. Without `match` and `except`: in the answer to an event, the connection that
   * caused it; in a command POST, all.
   */
  match: targetSchema.optional(),
  /** Of those, or of all without `match`, not the ones that match this. */
  except: targetSchema.optional(),
};

/** A WebSocket close frame has 125 bytes, two of them for the code. */
const maxReasonBytes = 123;

const isShortEnough = (reason: string): boolean =>
  new TextEncoder().encode(reason).byteLength <= maxReasonBytes;

const closeCodeExpected = 'Expected 1000, or a whole number from 3000 to 4999';
const closeCodeSchema = z.union(
  [z.literal(1000), z.int().min(3000, closeCodeExpected).max(4999, closeCodeExpected)],
  closeCodeExpected,
);

/** Closes connections. */
export const closeCommandSchema = z.looseObject({
  type: z.literal('close'),
  ...targetShape,
  /** WebSocket close code. @default 1000 */
  code: closeCodeSchema.optional(),
  /** Told to the client; at most 123 bytes of UTF-8. */
  reason: z
    .string()
    .max(maxReasonBytes)
    .refine(isShortEnough, `Expected at most ${maxReasonBytes} bytes of UTF-8`)
    .optional(),
});

/** Asks for the `sessionInfo` of connections. */
export const listCommandSchema = z.looseObject({
  type: z.literal('list'),
  ...targetShape,
  /** Only these fields of each `sessionInfo`. */
  fields: z.array(z.string()).optional(),
  /** At most so many; the result is then a page with a `cursor`. */
  limit: z.int().min(1).max(10_000).optional(),
  /** Where to go on: the `cursor` of the page before. */
  cursor: z.string().optional(),
  /** Only how many there are. */
  count: z.boolean().optional(),
});

/** Writes `text` to the broker's log. */
export const logCommandSchema = z.looseObject({ type: z.literal('log'), text: anyJsonSchema });

/** Sends `message` to connections. */
export const sendCommandSchema = z.looseObject({
  type: z.literal('send'),
  ...targetShape,
  message: anyJsonSchema,
});

/** Fields of a `sessionInfo`, by name. */
const fieldsSchema = orEmptyList(
  z.record(z.string(), z.unknown()),
  'Expected an object of fields, such as {"name":"Ada"}',
);

/** Changes the `sessionInfo` of connections: first `data`, then `remove`, then `add`. */
export const sessionCommandSchema = z.looseObject({
  type: z.literal('session'),
  ...targetShape,
  /** Merged in: objects field by field, anything else replaced. */
  data: fieldsSchema.optional(),
  /** Values (or lists of them) put into list fields, where they are not yet in. */
  add: fieldsSchema.optional(),
  /** Values (or lists of them) taken out of list fields. */
  remove: fieldsSchema.optional(),
});

/** Answers the request that caused the event. */
export const replyCommandSchema = z.looseObject({ type: z.literal('reply'), message: anyJsonSchema });

/** A command that every broker understands. */
export const builtInCommandSchema = z.discriminatedUnion('type', [
  closeCommandSchema,
  listCommandSchema,
  logCommandSchema,
  replyCommandSchema,
  sendCommandSchema,
  sessionCommandSchema,
]);
export type BuiltInCommand = z.infer<typeof builtInCommandSchema>;
export type CloseCommand = z.infer<typeof closeCommandSchema>;
export type ListCommand = z.infer<typeof listCommandSchema>;
export type LogCommand = z.infer<typeof logCommandSchema>;
export type ReplyCommand = z.infer<typeof replyCommandSchema>;
export type SendCommand = z.infer<typeof sendCommandSchema>;
export type SessionCommand = z.infer<typeof sessionCommandSchema>;
export type BuiltInCommandType = BuiltInCommand['type'];

/** Any command: built-in, or one of the application's own. */
export const commandSchema = z.looseObject({ type: z.string().min(1) });
export type Command = z.infer<typeof commandSchema>;

/** What a backend answers and POSTs: always a list, even of one. */
export const commandListSchema = z.array(commandSchema);
export type CommandList = z.infer<typeof commandListSchema>;
