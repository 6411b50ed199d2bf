import type { PointerEvent } from 'react';
import { Avatar } from './avatar.tsx';
import type { PendingLine } from './chat-state.ts';
import { timeOf, tooltipOf } from './clock.ts';
import { DeliveryNote } from './delivery-note.tsx';
import type { DeliveryState } from './delivery-state.ts';
import { hueOf } from './hue.ts';
import { LinkedText } from './linked-text.tsx';
import type { LineGroup, ShownLine } from './shown-lines.ts';

export interface LineGroupProps {
  readonly group: LineGroup;
  /** The last of one's own lines that the backend has: the ones before it need no word. */
  readonly lastDelivered: ShownLine | undefined;
  readonly stateOf: (line: PendingLine | undefined) => DeliveryState;
  readonly onAgain: (id: string) => void;
}

/** What one person said in a row. */
export const LineGroupItem = ({ group, lastDelivered, stateOf, onAgain }: LineGroupProps) => {
  const { isMine, name, user, lines } = group;
  const last = lines.at(-1);
  return (
    <li className="group" data-mine={isMine} style={{ '--hue': hueOf(user) }}>
      {!isMine && <Avatar name={name} />}
      <div className="said">
        <p className="who">
          <span className={isMine ? 'unseen' : 'name'}>{isMine ? 'You' : name}</span> <Time line={lines[0]} />
        </p>
        <ol>
          {lines.map((line) => {
            const state = stateOf(line.pending);
            const isNoted = line === lastDelivered || state === 'failed' || (line.pending && line === last);
            return (
              <li key={line.key} data-state={isMine ? state : undefined}>
                <p className="bubble" dir="auto" onPointerEnter={dated(line)}>
                  <LinkedText text={line.text} />
                </p>
                {isNoted && <DeliveryNote state={state} pending={line.pending} onAgain={onAgain} />}
              </li>
            );
          })}
        </ol>
      </div>
    </li>
  );
};

const Time = ({ line }: { readonly line: ShownLine }) => (
  <time dateTime={new Date(line.atMs).toISOString()} onPointerEnter={dated(line)}>
    {timeOf(line.atMs)}
  </time>
);

/** How long ago it was is worked out when somebody asks, since it changes all the time. */
const dated = (line: ShownLine) => (event: PointerEvent<HTMLElement>) => {
  event.currentTarget.title = tooltipOf(line.atMs, Date.now());
};
