import * as z from 'zod';
import { clientMessageSchema } from './message.ts';

/*
 * What a client sends on `wsbroker.v1`: messages as they are (JSON objects), and these frames (JSON lists). They
 * are strict: what is not written here closes the socket with `protocolError`.
 */

const countSchema = z.int().min(0);

/** Made by the client, and given back with the reply: any whole number that no open request of it has. */
export const requestIdSchema = countSchema;

/** First of all: a new connection, or a resumed one. */
export const openFrameSchema = z.tuple([
  z.literal('open'),
  z.strictObject({
    /** Of the connection that is to go on; without it, a new one. */
    token: z.string().min(1).max(128).optional(),
    /** How many counted frames of that connection have arrived here. @default 0 */
    received: countSchema.optional(),
  }),
]);

/** The application has been handed all of the first n counted frames. */
export const ackUpFrameSchema = z.tuple([z.literal('ack'), countSchema]);

/** A message to which the backend gives an answer. It counts as a message. */
export const requestFrameSchema = z.tuple([z.literal('request'), requestIdSchema, clientMessageSchema]);

/** Answered with `pong`. */
export const pingFrameSchema = z.tuple([z.literal('ping')]);
export const pongFrameSchema = z.tuple([z.literal('pong')]);

export const upFrameSchema = z.union([
  openFrameSchema,
  ackUpFrameSchema,
  requestFrameSchema,
  pingFrameSchema,
  pongFrameSchema,
]);
export type OpenFrame = z.infer<typeof openFrameSchema>;
export type AckFrame = z.infer<typeof ackUpFrameSchema>;
export type RequestFrame = z.infer<typeof requestFrameSchema>;
export type PingFrame = z.infer<typeof pingFrameSchema>;
export type PongFrame = z.infer<typeof pongFrameSchema>;
export type UpFrame = z.infer<typeof upFrameSchema>;
