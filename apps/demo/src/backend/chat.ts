import type { BackendHandlers, BrokerClient } from '@wsbroker/backend-node';
import { createHash } from 'node:crypto';
import type { contract } from '../contract.ts';
import type { History } from './history.ts';
import type { Presence } from './presence.ts';

/** What of the broker's client is used here. */
export type ChatBroker = Pick<BrokerClient<typeof contract>, 'list' | 'session'>;

export interface ChatOptions {
  readonly history: History;
  readonly presence: Pick<Presence, 'announce' | 'look'>;
  readonly broker: ChatBroker;
  readonly now?: () => number;
}

/** The public name of a token: the same each time, and no way back. */
const userOf = (token: string): string => createHash('sha256').update(token).digest('base64url').slice(0, 12);

/**
 * What the chat does with each event.
 *
 * An event that comes again gets the answer of the first time, and no handler runs. A line may also come in
 * two events: a page that was loaded again sends once more what it did not see confirmed. The history keeps it
 * once, and whoever hears it twice can tell by its `seq`.
 */
export const chatHandlers = ({
  history,
  presence,
  broker,
  now = Date.now,
}: ChatOptions): BackendHandlers<typeof contract> => ({
  disconnect(ctx) {
    void presence.announce(ctx.connection.room);
  },

  messages: {
    async enter(ctx, { token, name, room }) {
      const user = userOf(token);
      const { count } = await broker.list({ match: { name }, except: { user }, count: true });
      if (count > 0) {
        const text = `Somebody who is here is called ${name} already. Choose another name.`;
        return ctx.send({ type: 'name-taken', name, text });
      }
      // Not in the answer: it has to hold before the history is read, or a line said in between would miss
      // this connection, and before the others are told who is here.
      await broker.session({ user, name, room }, { match: { wskey: ctx.connection.wskey } });
      void presence.announce(room, ctx.connection.room);
      return [
        ctx.send({ type: 'entered', user, name, room, ...history.page(room) }),
        // Once more: a broker that is killed now may not have kept the first, and gets this answer again.
        ctx.session({ user, name, room }),
      ];
    },

    say(ctx, { id, room, text }) {
      const { user, name } = ctx.connection;
      if (user === undefined || name === undefined) return ctx.send({ type: 'not-said', id });
      const line = history.add({ id, room, user, name, text, atMs: now() });
      return [
        ctx.send({ type: 'said', line }),
        ctx.send(
          { type: 'said', line },
          { match: { room: line.room }, except: { wskey: ctx.connection.wskey } },
        ),
        ctx.send({ type: 'stirred', room: line.room, seq: line.seq }, { except: { room: line.room } }),
      ];
    },

    typing(ctx) {
      const { user, name, room } = ctx.connection;
      // What had to wait is old news.
      if (user === undefined || name === undefined || room === undefined || ctx.event.attempt > 1) return [];
      return ctx.send({ type: 'typing', user, name, room }, { match: { room }, except: { user } });
    },

    earlier: (ctx, { room, beforeSeq }) =>
      ctx.send({ type: 'earlier', room, ...history.page(room, beforeSeq) }),
  },

  requests: {
    async state(ctx, { room }) {
      const { user, name, room: sessionRoom } = ctx.connection;
      const isEntered = user !== undefined && name !== undefined && sessionRoom !== undefined;
      return ctx.reply({
        me: isEntered ? { user, name, room: sessionRoom } : null,
        ...(await presence.look(room)),
        // Last: what is said while the broker is asked must not be missing.
        room,
        ...history.page(room),
      });
    },
  },
});
