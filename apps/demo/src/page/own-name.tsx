import type { SubmitEvent } from 'react';
import { maxNameLength, nameProblem, tidyName } from '../fields.ts';
import type { Chat } from './chat.ts';
import type { Refusal, Wish } from './chat-state.ts';
import { PencilIcon } from './icons.tsx';
import { TextField } from './text-field.tsx';
import { useInlineForm } from './use-inline-form.ts';

export interface OwnNameProps {
  readonly chat: Chat;
  readonly wish: Wish;
  readonly refusal: Refusal | undefined;
}

/** Who one is, and the way to be called otherwise. */
export const OwnName = ({ chat, wish, refusal }: OwnNameProps) => {
  const form = useInlineForm(refusal?.name);
  const { button, value: name, setValue: setName, isTried, setIsTried, close, keyDown } = form;
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
