import type { PointerEvent } from 'react';
import { Avatar } from './avatar.tsx';
import { isSettled, type Tick } from './chat-state.ts';
import { timeOf, tooltipOf } from './clock.ts';
import { DeliveryNote } from './delivery-note.tsx';
import { DeliveryTick } from './delivery-tick.tsx';
import { hueOf } from './hue.ts';
import { LinkedText } from './linked-text.tsx';
import type { LineGroup, ShownLine } from './shown-lines.ts';

export interface LineGroupProps {
  readonly group: LineGroup;
  /** The last of one's own lines that the backend has: the ones before it need no word. */
  readonly lastDelivered: ShownLine | undefined;
  readonly tickOf: (line: ShownLine) => Tick;
  /** What has to come back before a line can go on. */
  readonly waitsFor: 'connection' | 'backend' | undefined;
  readonly onAgain: (id: string) => void;
}

/** What one person said in a row. */
export const LineGroupItem = ({ group, ...props }: LineGroupProps) => {
  const { isMine, name, user, lines } = group;
  return (
    <li className="group" data-mine={isMine} style={{ '--hue': hueOf(user) }}>
      {!isMine && <Avatar name={name} />}
      <div className="said">
        <p className="who">
          <span className={isMine ? 'unseen' : 'name'}>{isMine ? 'You' : name}</span> <Time line={lines[0]} />
        </p>
        <ol>
          {lines.map((line) =>
            isMine ? (
              <OwnLine key={line.key} line={line} isLast={line === lines.at(-1)} {...props} />
            ) : (
              <li key={line.key}>
                <Bubble line={line} />
              </li>
            ),
          )}
        </ol>
      </div>
    </li>
  );
};

interface OwnLineProps extends Omit<LineGroupProps, 'group'> {
  readonly line: ShownLine;
  readonly isLast: boolean;
}

/** A tick for each; and words where somebody may wonder. */
const OwnLine = ({ line, isLast, lastDelivered, tickOf, waitsFor, onAgain }: OwnLineProps) => {
  const tick = tickOf(line);
  const { state } = tick;
  const isOnItsWay = !isSettled(tick);
  const isNoted = line === lastDelivered || state === 'failed' || (isOnItsWay && isLast);
  return (
    <li data-state={state} data-waits={isOnItsWay && waitsFor !== undefined}>
      <DeliveryTick state={state} />
      <Bubble line={line} />
      {isNoted && <DeliveryNote tick={tick} waitsFor={waitsFor} onAgain={() => onAgain(line.key)} />}
    </li>
  );
};

const Bubble = ({ line }: { readonly line: ShownLine }) => (
  <p className="bubble" dir="auto" onPointerEnter={dated(line)}>
    <LinkedText text={line.text} />
  </p>
);

const Time = ({ line }: { readonly line: ShownLine }) => (
  <time dateTime={new Date(line.atMs).toISOString()} onPointerEnter={dated(line)}>
    {timeOf(line.atMs)}
  </time>
);

/** How long ago it was is worked out when somebody asks, since it changes all the time. */
const dated = (line: ShownLine) => (event: PointerEvent<HTMLElement>) => {
  event.currentTarget.title = tooltipOf(line.atMs, Date.now());
};
