import * as z from 'zod';
import { anyJsonSchema } from './any-json.ts';
import { errorCodeSchema } from './error-code.ts';

/*
 * What the broker sends on `wsbroker.v1`: messages as they are (JSON objects), and these frames (JSON lists). A
 * client ignores fields, elements and frames that it does not know, so that brokers may be updated first.
 *
 * Counted are messages, `reply` and `failed`: they are replayed after a reconnect, and acknowledged by number.
 */

const countSchema = z.int().min(0);
const positionSchema = z.int().min(1);

/** Who the client is, and whether the stream goes on. */
export const openedFrameSchema = z.tuple(
  [
    z.literal('opened'),
    z.looseObject({
      /** The connection's `wskey`. */
      connection: z.string(),
      /** Shown again, it resumes this connection. It replaces the one before. */
      token: z.string(),
      /** So many messages of the client have been taken charge of: it sends again from the next one. */
      received: countSchema,
      /** The connection goes on. Otherwise it is a new one, and all counts begin at 0. */
      resumed: z.boolean(),
      /**
       * Resumed, but what was on its way down may be missing: the application should fetch its state anew. The
       * count of frames to the client begins at 0 again.
       */
      gap: z.boolean(),
      /** How long the connection waits for a client whose socket is lost, in milliseconds. */
      graceMs: countSchema,
      /** The largest message that is taken, in bytes. */
      maxMessageBytes: positionSchema,
      /** So many counted frames are kept for replay: acknowledge well before as many wait. */
      replayMessages: positionSchema,
      /** How often the broker pings, in milliseconds: a client that hears nothing for much longer has no network. */
      pingIntervalMs: positionSchema,
    }),
  ],
  z.unknown(),
);

/** The broker has taken charge of the first n messages: in the journal, where there is one. */
export const ackDownFrameSchema = z.tuple([z.literal('ack'), countSchema], z.unknown());

/** Each of the first n messages that has not failed has been processed. */
export const deliveredFrameSchema = z.tuple([z.literal('delivered'), countSchema], z.unknown());

/** Message n never will be processed; the code for programs, the text for people. Counted. */
export const failedFrameSchema = z.tuple(
  [z.literal('failed'), positionSchema, errorCodeSchema, z.string()],
  z.unknown(),
);

/** The backend's answer to the request of this id. Counted. */
export const replyFrameSchema = z.tuple([z.literal('reply'), countSchema, anyJsonSchema], z.unknown());

/** Whether the backend takes events, and how many of this connection wait for it. */
export const statusFrameSchema = z.tuple(
  [z.literal('status'), z.looseObject({ backend: z.enum(['up', 'down']), queued: countSchema })],
  z.unknown(),
);

/** The broker is about to close the socket with this code: come back after so many milliseconds. */
export const byeFrameSchema = z.tuple([z.literal('bye'), z.int(), countSchema], z.unknown());

export const pingDownFrameSchema = z.tuple([z.literal('ping')], z.unknown());
export const pongDownFrameSchema = z.tuple([z.literal('pong')], z.unknown());

export const downFrameSchema = z.union([
  openedFrameSchema,
  ackDownFrameSchema,
  deliveredFrameSchema,
  failedFrameSchema,
  replyFrameSchema,
  statusFrameSchema,
  byeFrameSchema,
  pingDownFrameSchema,
  pongDownFrameSchema,
]);
export type OpenedFrame = z.infer<typeof openedFrameSchema>;
export type Opened = OpenedFrame[1];
export type StatusFrame = z.infer<typeof statusFrameSchema>;
export type DownFrame = z.infer<typeof downFrameSchema>;
