import type { Log } from '../../ops/logger.ts';

/** What the check needs of a socket. */
export interface UnreadSocket {
  /** Closes the socket if that alone has too much unread for too long. Returns the {@link staleBytes}. */
  checkUnread(nowMs: number): number;
  /** Bytes that were unread at the last check, and at the one before. */
  readonly staleBytes: number;
  closeSlow(): void;
}

export interface UnreadTotalOptions {
  readonly sockets: ReadonlySet<UnreadSocket>;
  readonly maxTotalUnreadBytes: number;
  readonly log: Log;
}

/**
 * Closes clients that do not read what they are sent: each for itself, and, when all of them together are too
 * many bytes, those with the most.
 *
 * Only what was unread one check ago and still is counts for the total: a message to everybody is unread by
 * everybody for a moment.
 */
export const checkUnread = (nowMs: number, options: UnreadTotalOptions): void => {
  let totalBytes = 0;
  for (const socket of options.sockets) totalBytes += socket.checkUnread(nowMs);
  if (totalBytes > options.maxTotalUnreadBytes) cutMost(totalBytes, options);
};

const cutMost = (totalBytes: number, { sockets, maxTotalUnreadBytes, log }: UnreadTotalOptions): void => {
  const byMost = [...sockets].toSorted((a, b) => b.staleBytes - a.staleBytes);
  let leftBytes = totalBytes;
  let clients = 0;
  for (const socket of byMost) {
    if (leftBytes <= maxTotalUnreadBytes) break;
    leftBytes -= socket.staleBytes;
    clients += 1;
    socket.closeSlow();
  }
  log.warn(
    { unreadBytes: totalBytes, clients },
    '! clients leave too much unread all together, and those with the most are closed; see `maxTotalUnreadBytes`:',
  );
};
