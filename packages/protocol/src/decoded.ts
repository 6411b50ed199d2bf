import type * as z from 'zod';
import type { ErrorCode } from './error-code.ts';

/** One thing that was wrong with an input. */
export interface DecodeIssue {
  /** Where, from the outside in, for example `['0', 'match', 'room']`. Empty: the whole. */
  readonly path: readonly (string | number)[];
  /** What was expected there, and what was seen. */
  readonly message: string;
}

/** Why an input could not be decoded. `message` names the path and what was expected. */
export interface DecodeError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly issues: readonly DecodeIssue[];
}

/** Bad input is expected, so it is a result and not a throw. */
export type Decoded<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: DecodeError };

export const decoded = <T>(value: T): Decoded<T> => ({ ok: true, value });

export const refused = (code: ErrorCode, message: string, issues: DecodeIssue[] = []): Decoded<never> => ({
  ok: false,
  error: { code, message, issues: issues.length > 0 ? issues : [{ path: [], message }] },
});

/** `['0', 'match', 'room']` as a person would write it: `[0].match.room`. */
const written = (path: readonly (string | number)[]): string =>
  path.map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? part : `.${part}`)).join('');

/** Checks a value against a schema; on failure the first issues, each with its path, make the message. */
export const check = <T>(
  schema: z.ZodType<T>,
  value: unknown,
  what: string,
  code: ErrorCode = 'bad-shape',
): Decoded<T> => {
  const result = schema.safeParse(value);
  if (result.success) return decoded(result.data);
  const issues = result.error.issues.map(({ path, message }) => ({
    path: path.map((part) => (typeof part === 'symbol' ? String(part) : part)),
    message,
  }));
  const shown = issues.slice(0, 3).map((issue) => {
    const place = written(issue.path);
    return place === '' ? issue.message : `${place}: ${issue.message}`;
  });
  return refused(code, `${what} is not valid: ${shown.join('; ')}`, issues);
};

/** Parses JSON text; never throws. `what` names the text in the error. */
export const parseJson = (text: string, what: string): Decoded<unknown> => {
  try {
    return decoded(JSON.parse(text) as unknown);
  } catch (cause) {
    return refused('not-json', `${what} is not JSON: ${(cause as Error).message}`);
  }
};
