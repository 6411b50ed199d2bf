import type * as z from 'zod';
import type { ErrorCode } from './error-code.ts';

/** One thing that was wrong with an input. */
export interface DecodeIssue {
  /** Where, from the outside in, for example `[0, 'match', 'room']`. Empty: the whole. */
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

export const refused = (
  code: ErrorCode,
  message: string,
  issues: readonly DecodeIssue[] = [{ path: [], message }],
): Decoded<never> => ({ ok: false, error: { code, message, issues } });

/** Issues that the text of an error shows; `issues` has all of them. */
const maxShownIssues = 3;

/**
 * Checks a value against a schema of the wire; on failure the first issues, each with its path, make the message.
 *
 * The value is given back as it came and is not the schema's copy, which would lack own keys named
 * `__proto__`: criteria with only that key would then match every connection, where they match none.
 */
// oxlint-disable-next-line max-params
export const check = <T>(
  schema: z.ZodType<T>,
  value: unknown,
  what: string,
  code: ErrorCode = 'bad-shape',
): Decoded<T> => {
  const result = schema.safeParse(value);
  if (result.success) return decoded(value as T);
  const issues = result.error.issues.map((issue) => issueOf(issue, []));
  const shown = issues.slice(0, maxShownIssues).map(({ path, message }) => {
    const place = written(path);
    return place === '' ? message : `${place}: ${message}`;
  });
  if (issues.length > maxShownIssues) shown.push(`and ${issues.length - maxShownIssues} more`);
  return refused(code, `${what} is not valid: ${shown.join('; ')}`, issues);
};

/** A union says only that no branch fits; the branch that got furthest into the value says why. */
const issueOf = (issue: z.core.$ZodIssue, outer: DecodeIssue['path']): DecodeIssue => {
  const path = [...outer, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'invalid_union') {
    const [furthest] = issue.errors
      .flatMap((branch) => branch.slice(0, 1))
      .map((inner) => issueOf(inner, path))
      .toSorted((a, b) => b.path.length - a.path.length);
    if (furthest && furthest.path.length > path.length) return furthest;
  }
  return { path, message: issue.message };
};

const identifier = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;

/** Longer keys are cut in the text of an error, so that a hostile key does not fill a log. */
const maxShownKeyLength = 40;

/** `[0, 'match', 'room']` as a person would write it: `[0].match.room`. */
const written = (path: DecodeIssue['path']): string =>
  path
    .map((part, at) => {
      if (typeof part === 'number') return `[${part}]`;
      const key = part.length > maxShownKeyLength ? `${part.slice(0, maxShownKeyLength)}…` : part;
      if (!identifier.test(key)) return `[${JSON.stringify(key)}]`;
      return at === 0 ? key : `.${key}`;
    })
    .join('');

/**
 * What is wrong with a text that is no JSON, without the piece of it that the engine shows: errors are logged, and
 * the text may be a secret, or what somebody wrote.
 */
const jsonProblem = ({ message }: Error): string => message.split(/, (?:\.\.\.)?"|\n/, 1)[0] ?? '';

/** Parses JSON text; never throws, and its error shows nothing of the text. `what` names the text in the error, `path` its place in what was sent. */
export const parseJson = (text: string, what: string, path: DecodeIssue['path'] = []): Decoded<unknown> => {
  try {
    return decoded(JSON.parse(text) as unknown);
  } catch (cause) {
    const message = `${what} is not JSON: ${jsonProblem(cause as Error)}`;
    return refused('not-json', message, [{ path, message }]);
  }
};
