import { MemoryLogger } from '@wsbroker/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logFor } from '../../ops/logger.ts';
import { checkUnread, type UnreadSocket } from './unread-total.ts';

class FakeSocket implements UnreadSocket {
  readonly staleBytes: number;
  isClosed = false;

  constructor(staleBytes: number) {
    this.staleBytes = staleBytes;
  }

  checkUnread(): number {
    return this.staleBytes;
  }

  closeSlow(): void {
    this.isClosed = true;
  }
}

const check = (unread: readonly number[], maxTotalUnreadBytes: number) => {
  const sockets = unread.map((bytes) => new FakeSocket(bytes));
  const log = new MemoryLogger();
  checkUnread(0, { sockets: new Set(sockets), maxTotalUnreadBytes, log: logFor(log) });
  return { sockets, warnings: log.messages('warn') };
};

test('as long as all together are within the bound nobody is closed', () => {
  const { sockets, warnings } = check([50, 30, 20], 100);
  expect(sockets.some(({ isClosed }) => isClosed)).toBe(false);
  expect(warnings).toEqual([]);
});

test('past it those with the most are closed, no more of them than it takes, and the log says so once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1_000 })),
      fc.integer({ min: 0, max: 5_000 }),
      (unread, most) => {
        const { sockets, warnings } = check(unread, most);
        const sum = (all: readonly FakeSocket[]): number =>
          all.reduce((total, { staleBytes }) => total + staleBytes, 0);
        const closed = sockets.filter(({ isClosed }) => isClosed);
        const left = sockets.filter(({ isClosed }) => !isClosed);
        expect(sum(left)).toBeLessThanOrEqual(most);
        const least = Math.min(...closed.map(({ staleBytes }) => staleBytes));
        for (const { staleBytes } of left) expect(staleBytes).toBeLessThanOrEqual(least);
        if (closed.length > 0) expect(sum(left) + least).toBeGreaterThan(most);
        expect(warnings).toHaveLength(closed.length > 0 ? 1 : 0);
      },
    ),
  );
});
