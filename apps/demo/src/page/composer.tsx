import { useMessage } from '@wsbroker/client-browser/react';
import { type SubmitEvent, type KeyboardEvent, type Ref, useId, useState } from 'react';
import { maxTextLength, textProblem, tidyText } from '../fields.ts';
import type { Chat } from './chat.ts';
import { SendIcon } from './icons.tsx';

export interface ComposerProps {
  readonly chat: Chat;
  readonly room: string;
  readonly ref: Ref<HTMLTextAreaElement>;
}

/** From here on it is shown how much room is left. */
const nearlyFull = maxTextLength - 200;

export const Composer = ({ chat, room, ref }: ComposerProps) => {
  const id = useId();
  const [text, setText] = useState('');
  const [refusal, setRefusal] = useState<string>();
  useMessage(chat.client, 'broker-error', (error) => setRefusal(`A message was refused: ${error.text}`));

  const tidy = tidyText(text);
  const problem = tidy === '' ? undefined : textProblem(tidy);

  const send = (): void => {
    if (tidy === '' || problem !== undefined) return;
    chat.say(tidy);
    setText('');
    setRefusal(undefined);
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    send();
  };
  const keyDown = (event: KeyboardEvent): void => {
    // Enter also ends the choice of a character where one is composed of several keys.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form className="composer" onSubmit={submit}>
      <div className="composer-box">
        <textarea
          ref={ref}
          rows={1}
          value={text}
          placeholder={`Write to #${room}`}
          aria-label={`Write to ${room}`}
          aria-invalid={problem !== undefined}
          aria-describedby={`${id}-note`}
          enterKeyHint="send"
          onChange={(event) => {
            setText(event.target.value);
            if (event.target.value.trim() !== '') chat.typing();
          }}
          onKeyDown={keyDown}
        />
        <button
          type="submit"
          className="send"
          aria-label="Send"
          disabled={tidy === '' || problem !== undefined}
        >
          <SendIcon />
        </button>
      </div>
      <p id={`${id}-note`} className={(problem ?? refusal) ? 'problem' : 'hint'} aria-live="polite">
        {problem ??
          refusal ??
          (tidy.length > nearlyFull ? (
            `${maxTextLength - tidy.length} characters left`
          ) : (
            <span className="only-wide">
              <kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> begins a new line
            </span>
          ))}
      </p>
    </form>
  );
};
