import { type SubmitEvent, type KeyboardEvent, useRef, useState } from 'react';
import { maxNameLength, nameProblem, tidyName } from '../fields.ts';
import type { Chat } from './chat.ts';
import type { Refusal, Wish } from './chat-state.ts';
import { PencilIcon } from './icons.tsx';
import { TextField } from './text-field.tsx';

export interface OwnNameProps {
  readonly chat: Chat;
  readonly wish: Wish;
  readonly refusal: Refusal | undefined;
}

/** Who one is, and the way to be called otherwise. */
export const OwnName = ({ chat, wish, refusal }: OwnNameProps) => {
  const button = useRef<HTMLButtonElement>(null);
  const [name, setName] = useState(refusal?.name);
  const [isTried, setIsTried] = useState(false);

  const close = (): void => {
    setName(undefined);
    setIsTried(false);
    setTimeout(() => button.current?.focus());
  };
  if (name === undefined) {
    return (
      <button
        ref={button}
        type="button"
        className="quiet own-name"
        aria-label={`You are ${wish.name}. Change your name`}
        title="Change your name"
        onClick={() => setName(wish.name)}
      >
        <span className="name">{wish.name}</span> <PencilIcon />
      </button>
    );
  }
  const tidy = tidyName(name);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setIsTried(true);
    if (nameProblem(tidy) !== undefined) return;
    if (tidy === wish.name) close();
    else chat.enter(tidy, wish.room);
  };
  const keyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  };
  const note = tidy === refusal?.name ? refusal.text : isTried ? nameProblem(tidy) : undefined;
  return (
    <form className="inline-form" onSubmit={submit} onKeyDown={keyDown} noValidate>
      <TextField
        label="Your name"
        value={name}
        problem={note}
        maxLength={maxNameLength * 2}
        autoFocus
        onFocus={(event) => event.target.select()}
        onChange={(event) => setName(event.target.value)}
      />
      <div className="buttons">
        <button type="submit" className="button primary">
          Change
        </button>
        <button type="button" className="button" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
};
