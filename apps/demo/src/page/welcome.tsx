import { type SubmitEvent, useState } from 'react';
import {
  firstRoom,
  maxNameLength,
  maxRoomLength,
  nameProblem,
  roomProblem,
  tidyName,
  tidyRoom,
} from '../fields.ts';
import type { Chat } from './chat.ts';
import type { Refusal } from './chat-state.ts';
import { addressOfRoom, roomOfAddress } from './room-address.ts';
import { TextField } from './text-field.tsx';

export interface WelcomeProps {
  readonly chat: Chat;
  readonly refusal: Refusal | undefined;
}

/** Who are you, and where do you want to go? */
export const Welcome = ({ chat, refusal }: WelcomeProps) => {
  const [name, setName] = useState(refusal?.name ?? chat.lastName);
  const [room, setRoom] = useState(() => roomOfAddress() ?? firstRoom);
  // What was refused is said until something else stands there; what cannot be is said once it was tried.
  const [isTried, setIsTried] = useState(false);
  const nameNote =
    tidyName(name) === refusal?.name ? refusal.text : isTried ? nameProblem(tidyName(name)) : undefined;
  const roomNote = isTried ? roomProblem(tidyRoom(room)) : undefined;

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setIsTried(true);
    const wish = { name: tidyName(name), room: tidyRoom(room) };
    if (nameProblem(wish.name) ?? roomProblem(wish.room)) return;
    history.replaceState(null, '', addressOfRoom(wish.room));
    chat.enter(wish.name, wish.room);
  };

  return (
    <main className="welcome">
      <div className="welcome-card">
        <Picture />
        <h1>A chat that outlives its backend</h1>
        <p className="lead">
          Every line goes through a broker that holds your connection. Stop the backend behind it, or kill the
          broker itself, write on, and see that nothing is lost and nobody has left.
        </p>
        <form onSubmit={submit} noValidate>
          <TextField
            label="Your name"
            value={name}
            problem={nameNote}
            hint="The others see it beside what you write."
            maxLength={maxNameLength * 2}
            autoFocus
            onFocus={(event) => event.target.select()}
            onChange={(event) => setName(event.target.value)}
          />
          <TextField
            label="Room"
            value={room}
            problem={roomNote}
            hint="Any name: a new one makes a new room."
            maxLength={maxRoomLength * 2}
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setRoom(event.target.value)}
          />
          <button type="submit" className="button primary wide">
            Enter
          </button>
        </form>
        <p className="hint">Open this page in a second tab to talk with yourself.</p>
      </div>
    </main>
  );
};

/** Page, broker, backend: three dots on a line, the last of which may go out. */
const Picture = () => (
  <svg
    className="picture"
    viewBox="0 0 240 64"
    role="img"
    aria-label="Two pages, the broker, and the backend"
  >
    <path className="wires" d="M40 16C80 16 80 32 116 32M40 48C80 48 80 32 116 32" />
    <path className="wires loose" d="M124 32h80" />
    <circle className="page" cx="32" cy="16" r="8" />
    <circle className="page" cx="32" cy="48" r="8" />
    <circle className="broker" cx="120" cy="32" r="13" />
    <circle className="backend" cx="208" cy="32" r="10" />
  </svg>
);
