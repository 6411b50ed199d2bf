import type { RoomSummary } from '../contract.ts';
import type { ChatState } from './chat-state.ts';
import { addressOfRoom } from './room-address.ts';

export interface RoomLinksProps {
  readonly rooms: readonly RoomSummary[];
  readonly unread: ChatState['unread'];
  /** The one that is open. */
  readonly room: string;
  readonly onChosen: () => void;
}

export const RoomLinks = ({ rooms, unread, room: current, onChosen }: RoomLinksProps) => {
  // A room that was just made is not in the list before the backend has heard of it.
  const shown = rooms.some(({ room }) => room === current) ? rooms : [...rooms, { room: current, people: 0 }];
  return (
    <ul className="rooms">
      {shown.map(({ room, people }) => {
        const lines = unread.get(room)?.lines ?? 0;
        return (
          <li key={room}>
            <a
              href={addressOfRoom(room)}
              aria-current={room === current ? 'page' : undefined}
              data-unread={lines > 0}
              onClick={() => room === current && onChosen()}
            >
              <span className="hash">#</span>
              <span className="name">{room}</span>
              {lines > 0 ? (
                <span className="badge" title={`${lines} unread`}>
                  {lines > 99 ? '99+' : lines}
                  <span className="unseen"> unread</span>
                </span>
              ) : (
                people > 0 && (
                  <span className="count" title={`${people} here now`}>
                    {people}
                    <span className="unseen"> here now</span>
                  </span>
                )
              )}
            </a>
          </li>
        );
      })}
    </ul>
  );
};
