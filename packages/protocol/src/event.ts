import * as z from 'zod';
import { clientPrefix } from './message-type.ts';

/** A client connected. */
export const connectEventSchema = z.looseObject({ type: z.literal('session-connect') });
/** A client is gone; the connection's last event. */
export const disconnectEventSchema = z.looseObject({ type: z.literal('session-disconnect') });
/** A client's message, its type prefixed with `client-`. */
export const clientEventSchema = z.looseObject({
  type: z.templateLiteral([clientPrefix, z.string()]),
});

/** What the broker POSTs to the backend as `message`. */
export const eventSchema = z.union([connectEventSchema, disconnectEventSchema, clientEventSchema]);
export type Event = z.infer<typeof eventSchema>;
export type ConnectEvent = z.infer<typeof connectEventSchema>;
export type DisconnectEvent = z.infer<typeof disconnectEventSchema>;
export type ClientEvent = z.infer<typeof clientEventSchema>;

/** `hello` becomes `client-hello`, `client-hello` stays, no type becomes `client-message`. */
export const clientEventType = (messageType: string | undefined): `client-${string}` => {
  const type = messageType || 'message';
  return hasClientPrefix(type) ? type : `${clientPrefix}${type}`;
};

const hasClientPrefix = (type: string): type is `client-${string}` => type.startsWith(clientPrefix);
