import { type ComponentProps, useId } from 'react';

export interface TextFieldProps extends Omit<ComponentProps<'input'>, 'className'> {
  readonly label: string;
  /** What is wrong with what stands in it. */
  readonly problem: string | undefined;
  readonly hint?: string;
}

/** An input that says what it is, and at itself what is wrong. */
export const TextField = ({ label, problem, hint, ...input }: TextFieldProps) => {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        autoComplete="off"
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-note`}
      />
      <p id={`${id}-note`} className={problem === undefined ? 'hint' : 'problem'} aria-live="polite">
        {problem ?? hint}
      </p>
    </div>
  );
};
