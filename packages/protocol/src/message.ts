import * as z from 'zod';
import { messageTypePattern } from './message-type.ts';

export const messageTypeSchema = z
  .string('Expected a string')
  .regex(messageTypePattern, 'Expected 1 to 64 of A-Z a-z 0-9 . _ : -');

/** Application JSON between browser and backend: an object with a string `type`. */
export const messageSchema = z.looseObject({ type: messageTypeSchema });
export type Message = z.infer<typeof messageSchema>;

/** What a client may send: the type may be missing, and then counts as `message`. */
export const clientMessageSchema = z.looseObject({ type: messageTypeSchema.optional() });
export type ClientMessage = z.infer<typeof clientMessageSchema>;
