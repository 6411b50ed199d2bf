import { defineContract } from '@wsbroker/protocol';
import * as z from 'zod';
import { nameProblem, roomProblem, textProblem } from './fields.ts';

/** A string that one of the checks in `fields.ts` has nothing against. */
const checkedText = (problem: (text: string) => string | undefined) =>
  z.string().superRefine((text, context) => {
    const message = problem(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

const nameSchema = checkedText(nameProblem);
const roomSchema = checkedText(roomProblem);

/**
 * The author's own id for a line: made once, and the same however often the line is sent. The backend keeps
 * one line for each author and id, and the page knows its own line again when it comes back.
 */
const lineIdSchema = z.string().regex(/^[\w-]{8,40}$/);

/** One line as it stands in the history. */
const lineSchema = z.object({
  /** Its place among all lines; also its name, since no two have the same. */
  seq: z.int().positive(),
  id: lineIdSchema,
  room: z.string(),
  user: z.string(),
  /** The author's name at that time. */
  name: z.string(),
  text: z.string(),
  /** When the backend took it, in milliseconds since 1970. */
  atMs: z.int(),
});
export type Line = z.infer<typeof lineSchema>;

const personSchema = z.object({ user: z.string(), name: z.string() });
export type Person = z.infer<typeof personSchema>;

const roomSummarySchema = z.object({
  room: z.string(),
  /** How many people are in it now. */
  people: z.int(),
});
export type RoomSummary = z.infer<typeof roomSummarySchema>;

const linesShape = {
  room: z.string(),
  /** In order. */
  lines: z.array(lineSchema),
  /** Whether there are lines before these. */
  hasEarlier: z.boolean(),
};

const peopleShape = { people: z.array(personSchema) };
const roomsShape = { rooms: z.array(roomSummarySchema) };

/** Every word between the page and the backend. */
export const contract = defineContract({
  clientMessages: {
    /** I am this person and want to be in this room: the first message of each connection, and again to change either. */
    enter: z.object({
      /** A secret of this tab. The backend makes the public `user` of it, so that nobody can speak as somebody else. */
      token: z.string().regex(/^[\w-]{16,64}$/),
      name: nameSchema,
      room: roomSchema,
    }),
    /** A line names its room: delivered late, it must not land where its author has gone since. */
    say: z.object({ id: lineIdSchema, room: roomSchema, text: checkedText(textProblem) }),
    typing: z.object({}),
    /** The lines of a room before this one, please. */
    earlier: z.object({ room: roomSchema, beforeSeq: z.int().positive() }),
  },
  serverMessages: {
    entered: z.object({ user: z.string(), name: z.string(), ...linesShape }),
    /** The answer to an `enter` with a name that somebody else has now. */
    'name-taken': z.object({ name: z.string(), text: z.string() }),
    /** To everybody in the room, and to the author wherever they are by now. */
    said: z.object({ line: lineSchema }),
    /** A line of a connection that has not entered. */
    'not-said': z.object({ id: z.string() }),
    typing: personSchema.extend({ room: z.string() }),
    earlier: z.object(linesShape),
    people: z.object({ room: z.string(), ...peopleShape }),
    rooms: z.object(roomsShape),
    /** Something was said in a room where you are not. */
    stirred: z.object({ room: z.string(), seq: z.int() }),
  },
  requests: {
    /** How things stand now: asked for where messages of the backend may have been lost. */
    state: {
      request: z.object({ room: roomSchema }),
      reply: z.object({
        /** Whom the backend takes this connection for, and in which room; null: it has not entered. */
        me: personSchema.extend({ room: z.string() }).nullable(),
        ...linesShape,
        ...peopleShape,
        ...roomsShape,
      }),
    },
  },
  session: z.object({ user: z.string(), name: z.string(), room: z.string() }),
});
