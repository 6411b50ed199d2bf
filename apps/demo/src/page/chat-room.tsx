import { useCallback, useEffect, useRef, useState } from 'react';
import type { ProcessWatch } from './process-watch.ts';
import { Announcer } from './announcer.tsx';
import { AwayBanner } from './away-banner.tsx';
import type { Chat } from './chat.ts';
import { type ChatState, isSettled, tickOf, type Wish } from './chat-state.ts';
import { Composer } from './composer.tsx';
import { MenuIcon } from './icons.tsx';
import { LineList } from './line-list.tsx';
import { addressOfRoom, roomOfAddress } from './room-address.ts';
import { Sidebar } from './sidebar.tsx';
import { TypingLine } from './typing-line.tsx';
import { useTitle } from './use-title.ts';
import { Wire } from './wire.tsx';

export interface ChatRoomProps {
  readonly chat: Chat;
  readonly processes: ProcessWatch;
  readonly state: ChatState;
  readonly wish: Wish;
}

export const ChatRoom = ({ chat, processes, state, wish }: ChatRoomProps) => {
  const composer = useRef<HTMLTextAreaElement>(null);
  const menuButton = useRef<HTMLButtonElement>(null);
  const [isMenuOpen, setIsMenuOpen] = useState(false);
  const unreadElsewhere = [...state.unread.values()].reduce((sum, { lines }) => sum + lines, 0);
  const waiting = state.pending.filter(({ id }) => !isSettled(tickOf(state, id))).length;
  useTitle(chat.client, wish.room, unreadElsewhere);

  // Rooms are links: the address says which one is open, also after "back".
  useEffect(() => {
    if (roomOfAddress() === undefined) history.replaceState(null, '', addressOfRoom(wish.room));
    const go = (): void => {
      const room = roomOfAddress();
      if (room === undefined || room === wish.room) return;
      setIsMenuOpen(false);
      chat.enter(wish.name, room);
    };
    window.addEventListener('hashchange', go);
    return () => window.removeEventListener('hashchange', go);
  }, [chat, wish]);

  // Where a keyboard would cover half of the screen, it comes only when asked for.
  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches) composer.current?.focus();
  }, [wish.room]);

  const closeMenu = useCallback((): void => {
    setIsMenuOpen(false);
    // The room is inert, and takes no focus, until it has been rendered anew.
    setTimeout(() => menuButton.current?.focus());
  }, []);

  return (
    <div className="app">
      <a
        className="skip"
        href="#write"
        onClick={(event) => {
          event.preventDefault();
          composer.current?.focus();
        }}
      >
        Skip to the message box
      </a>
      <Sidebar chat={chat} state={state} wish={wish} isOpen={isMenuOpen} onClose={closeMenu} />
      <main className="room" inert={isMenuOpen}>
        <header className="top">
          <button
            ref={menuButton}
            type="button"
            className="icon-button only-narrow"
            aria-label={
              unreadElsewhere > 0 ? `Rooms and people, ${unreadElsewhere} unread` : 'Rooms and people'
            }
            aria-expanded={isMenuOpen}
            onClick={() => setIsMenuOpen(true)}
          >
            <MenuIcon />
            {unreadElsewhere > 0 && <span className="dot" />}
          </button>
          <h1 title={wish.room}>
            <span className="hash">#</span>
            {wish.room}
          </h1>
          <Wire client={chat.client} processes={processes} />
        </header>
        <AwayBanner client={chat.client} processes={processes} waiting={waiting} />
        <LineList key={wish.room} chat={chat} state={state} wish={wish} />
        <TypingLine key={`typing ${wish.room}`} client={chat.client} room={wish.room} />
        <Composer ref={composer} chat={chat} room={wish.room} />
      </main>
      <Announcer client={chat.client} me={state.me} />
    </div>
  );
};
