import type { SubmitEvent } from 'react';
import { maxRoomLength, roomProblem, tidyRoom } from '../fields.ts';
import { PlusIcon } from './icons.tsx';
import { addressOfRoom } from './room-address.ts';
import { TextField } from './text-field.tsx';
import { useInlineForm } from './use-inline-form.ts';

/** Goes to a room by its name: one that nobody has been in comes to be by that. */
export const NewRoom = () => {
  const {
    button,
    value: room,
    setValue: setRoom,
    isTried,
    setIsTried,
    leave,
    close,
    keyDown,
  } = useInlineForm();
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
    leave();
    location.hash = addressOfRoom(tidy);
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
