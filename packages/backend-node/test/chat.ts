import { defineContract } from '@wsbroker/protocol';
import * as v from 'valibot';
import * as z from 'zod';

/** A contract with validators of two libraries, one of them asynchronous. */
export const chat = defineContract({
  clientMessages: {
    say: z.object({ text: z.string().min(1).max(500) }),
    rename: z.object({ name: z.string() }).refine(async ({ name }) => {
      await Promise.resolve();
      return name !== 'admin';
    }, 'is taken'),
    move: v.object({ to: v.object({ x: v.number(), y: v.optional(v.number(), 0) }) }),
    typing: z.object({}),
  },
  serverMessages: {
    said: z.object({ who: z.string(), text: z.string() }),
    joined: z.object({ name: z.string(), rooms: z.array(z.string()) }),
    cleared: z.object({}),
  },
  session: z.object({ name: z.string(), room: z.string(), tags: z.array(z.string()) }),
});
export type Chat = typeof chat;
