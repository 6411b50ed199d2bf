import { type KeyboardEvent, type RefObject, useRef, useState } from 'react';

/** A field that is there once its button was pressed, and gone with Escape. */
export interface InlineForm {
  /** The button that opens it, and gets the focus back. */
  readonly button: RefObject<HTMLButtonElement | null>;
  /** What stands in the field; undefined while it is closed. */
  readonly value: string | undefined;
  readonly setValue: (value: string) => void;
  /** Somebody has pressed Enter: from then on the field says what is wrong. */
  readonly isTried: boolean;
  readonly setIsTried: (isTried: boolean) => void;
  /** Closes it without a thought for the focus, which goes elsewhere. */
  readonly leave: () => void;
  readonly close: () => void;
  readonly keyDown: (event: KeyboardEvent) => void;
}

export const useInlineForm = (initial?: string): InlineForm => {
  const button = useRef<HTMLButtonElement>(null);
  const [value, setValue] = useState(initial);
  const [isTried, setIsTried] = useState(false);

  const leave = (): void => {
    setValue(undefined);
    setIsTried(false);
  };
  const close = (): void => {
    leave();
    // The form, and with it the focus, is gone after this turn.
    setTimeout(() => button.current?.focus());
  };
  const keyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  };
  return { button, value, setValue, isTried, setIsTried, leave, close, keyDown };
};
