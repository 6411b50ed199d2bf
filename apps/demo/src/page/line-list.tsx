import { useStatus } from '@wsbroker/client-browser/react';
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Chat } from './chat.ts';
import { type ChatState, tickOf, type Wish } from './chat-state.ts';
import { dayName } from './clock.ts';
import { DownIcon } from './icons.tsx';
import { LineGroupItem } from './line-group.tsx';
import { emptyLog } from './room-log.ts';
import { byDay, type ShownLine, shownLines } from './shown-lines.ts';

export interface LineListProps {
  readonly chat: Chat;
  readonly state: ChatState;
  readonly wish: Wish;
}

/** So close to the end counts as reading along. */
const nearPx = 80;

/** What was said in the room. It follows the end, unless somebody has scrolled up to read. */
export const LineList = ({ chat, state, wish }: LineListProps) => {
  const status = useStatus(chat.client);
  const log = state.logs.get(wish.room) ?? emptyLog;
  const { me, pending } = state;
  const lines = useMemo(() => shownLines(log.lines, pending, { me, wish }), [log.lines, pending, me, wish]);
  const days = useMemo(() => byDay(lines), [lines]);
  const tick = (line: ShownLine) => tickOf(state, line.key);
  const lastDelivered = lines.findLast((line) => line.isMine && tick(line).state === 'delivered');

  const scroller = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  const before = useRef<{ firstKey: string | undefined; height: number }>({ firstKey: undefined, height: 0 });
  const [missed, setMissed] = useState(0);
  const lastCount = useRef(lines.length);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const added = lines.length - lastCount.current;
    lastCount.current = lines.length;
    const firstKey = lines[0]?.key;
    const isPrepended = before.current.firstKey !== undefined && firstKey !== before.current.firstKey;
    // What one writes oneself, one wants to see.
    if (isFollowing.current || lines.at(-1)?.pending) element.scrollTop = element.scrollHeight;
    else if (isPrepended) element.scrollTop += element.scrollHeight - before.current.height;
    else if (added > 0) setMissed((count) => count + added);
    before.current = { firstKey, height: element.scrollHeight };
  }, [lines]);

  // A keyboard that comes up, or a longer draft, must not cover the end.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      if (isFollowing.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const onScroll = (): void => {
    const element = scroller.current;
    if (element === null) return;
    isFollowing.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearPx;
    if (isFollowing.current) setMissed(0);
  };
  const toEnd = (): void => {
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  };

  const nowMs = Date.now();
  const isEmpty = lines.length === 0;
  return (
    <div className="lines-frame">
      <div
        ref={scroller}
        className="lines"
        onScroll={onScroll}
        tabIndex={0}
        role="region"
        aria-label={`What was said in ${wish.room}`}
      >
        {log.hasEarlier && (
          <button
            type="button"
            className="button earlier"
            disabled={!state.isEntered || state.isLoadingEarlier}
            onClick={() => chat.loadEarlier()}
          >
            {state.isLoadingEarlier ? 'Loading …' : 'Show earlier lines'}
          </button>
        )}
        {isEmpty && <Nothing isEntered={state.isEntered} room={wish.room} />}
        {days.map(({ day, atMs, groups }) => (
          <section key={day} className="day" aria-label={dayName(atMs, nowMs)}>
            <h2>
              <span>{dayName(atMs, nowMs)}</span>
            </h2>
            <ol>
              {groups.map((group) => (
                <LineGroupItem
                  key={group.key}
                  group={group}
                  lastDelivered={lastDelivered}
                  tickOf={tick}
                  waitsFor={
                    status.state !== 'open' ? 'connection' : status.backend === 'down' ? 'backend' : undefined
                  }
                  onAgain={(id) => chat.sayAgain(id)}
                />
              ))}
            </ol>
          </section>
        ))}
      </div>
      {missed > 0 && (
        <button type="button" className="button primary missed" onClick={toEnd}>
          <DownIcon /> {missed === 1 ? '1 new line' : `${missed} new lines`}
        </button>
      )}
    </div>
  );
};

const Nothing = ({ isEntered, room }: { readonly isEntered: boolean; readonly room: string }) => (
  <div className="nothing">
    {isEntered ? (
      <>
        <p className="big">Nothing has been said in #{room} yet.</p>
        <p>Write the first line. To have somebody to talk with, open this page in a second tab.</p>
      </>
    ) : (
      <>
        <p className="big">One moment …</p>
        <p>The history of #{room} comes from the backend.</p>
      </>
    )}
  </div>
);
