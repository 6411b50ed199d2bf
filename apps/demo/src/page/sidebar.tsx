import { useStatus } from '@wsbroker/client-browser/react';
import { useEffect, useRef } from 'react';
import type { Chat } from './chat.ts';
import type { ChatState, Wish } from './chat-state.ts';
import { Avatar } from './avatar.tsx';
import { hueOf } from './hue.ts';
import { CloseIcon, LeaveIcon } from './icons.tsx';
import { NewRoom } from './new-room.tsx';
import { OwnName } from './own-name.tsx';
import { RoomLinks } from './room-links.tsx';

export interface SidebarProps {
  readonly chat: Chat;
  readonly state: ChatState;
  readonly wish: Wish;
  /** On a narrow screen it lies over the room, and only when asked for. */
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** More names than these are only counted. */
const maxShownPeople = 100;

export const Sidebar = ({ chat, state, wish, isOpen, onClose }: SidebarProps) => {
  const closeButton = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    closeButton.current?.focus();
    const keyDown = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') onClose();
    };
    document.addEventListener('keydown', keyDown);
    return () => document.removeEventListener('keydown', keyDown);
  }, [isOpen, onClose]);
  const { me, people } = state;
  const isOnline = useStatus(chat.client).state === 'open';
  return (
    <>
      {isOpen && (
        <button
          type="button"
          className="backdrop only-narrow"
          aria-label="Close"
          tabIndex={-1}
          onClick={onClose}
        />
      )}
      <div className="sidebar" data-open={isOpen}>
        <div className="brand">
          <img src="/icon.svg" alt="" width="24" height="24" />
          <span>WSBroker chat</span>
          <button
            ref={closeButton}
            type="button"
            className="icon-button only-narrow"
            aria-label="Close"
            onClick={onClose}
          >
            <CloseIcon />
          </button>
        </div>
        <nav aria-labelledby="rooms-title">
          <h2 id="rooms-title">Rooms</h2>
          <RoomLinks rooms={state.rooms} unread={state.unread} room={wish.room} onChosen={onClose} />
          <NewRoom />
        </nav>
        <section aria-labelledby="people-title">
          <h2 id="people-title">
            Here now <span className="count">{people.length > 0 ? people.length : ''}</span>
          </h2>
          <ul className="people" data-stale={!isOnline || !state.isEntered}>
            {people.slice(0, maxShownPeople).map(({ user, name }) => (
              <li key={user} style={{ '--hue': hueOf(user) }}>
                <Avatar name={name} />
                <span className="name">{name}</span>
                {user === me?.user && <span className="you">you</span>}
              </li>
            ))}
          </ul>
          {people.length > maxShownPeople && (
            <p className="hint">and {people.length - maxShownPeople} more</p>
          )}
        </section>
        <footer className="self">
          <OwnName key={wish.name} chat={chat} wish={wish} refusal={state.refusal} />
          <button
            type="button"
            className="icon-button"
            aria-label="Leave the chat"
            title="Leave the chat"
            onClick={() => chat.leave()}
          >
            <LeaveIcon />
          </button>
        </footer>
      </div>
    </>
  );
};
