import * as z from 'zod';

/**
 * What the broker and the backend know of a connection.
 *
 * `ip` and `wskey` are the broker's; cookies fill free names; the backend adds the rest with `session`.
 */
export const sessionInfoSchema = z.looseObject({
  /** The client's address: from `x-forwarded-for` behind a trusted proxy, else the peer's. */
  ip: z.string(),
  /** The connection's unique key, made by the broker. */
  wskey: z.string(),
});
export type SessionInfo = z.infer<typeof sessionInfoSchema>;

/** Fields that belong to the broker: no cookie and no command changes them. */
export const reservedSessionFields = ['ip', 'wskey'] as const;
