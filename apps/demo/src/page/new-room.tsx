import { type SubmitEvent, type KeyboardEvent, useRef, useState } from 'react';
import { maxRoomLength, roomProblem, tidyRoom } from '../fields.ts';
import { PlusIcon } from './icons.tsx';
import { addressOfRoom } from './room-address.ts';
import { TextField } from './text-field.tsx';

/** Goes to a room by its name: one that nobody has been in comes to be by that. */
export const NewRoom = () => {
  const button = useRef<HTMLButtonElement>(null);
  const [room, setRoom] = useState<string>();
  const [isTried, setIsTried] = useState(false);

  const close = (): void => {
    setRoom(undefined);
    setIsTried(false);
    // The form, and with it the focus, is gone after this turn.
    setTimeout(() => button.current?.focus());
  };
  if (room === undefined) {
    return (
      <button ref={button} type="button" className="quiet" onClick={() => setRoom('')}>
        <PlusIcon /> New room
      </button>
    );
  }
  const tidy = tidyRoom(room);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setIsTried(true);
    if (roomProblem(tidy) !== undefined) return;
    setRoom(undefined);
    setIsTried(false);
    location.hash = addressOfRoom(tidy);
  };
  const keyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  };
  return (
    <form className="inline-form" onSubmit={submit} onKeyDown={keyDown} noValidate>
      <TextField
        label="Name of the room"
        value={room}
        problem={isTried ? roomProblem(tidy) : undefined}
        maxLength={maxRoomLength * 2}
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        onChange={(event) => setRoom(event.target.value)}
      />
      <div className="buttons">
        <button type="submit" className="button primary">
          Go there
        </button>
        <button type="button" className="button" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
};
