import type { MessageSchemas } from '@wsbroker/protocol';

type Validator = MessageSchemas[string];
type ValidatorResult = Awaited<ReturnType<Validator['~standard']['validate']>>;
type Issue = NonNullable<ValidatorResult['issues']>[number];

const maxShownIssues = 3;
/** A validator may repeat what it was given, and a client would get it all back. */
const maxTextLength = 500;

/** A message's fields as the validator put them out, or one line of text that says what is wrong with them. */
export type CheckedMessage =
  { readonly ok: true; readonly fields: object } | { readonly ok: false; readonly text: string };

/** Checks a message, without its `type`, with any Standard Schema validator. What the validator throws is thrown. */
export const checkMessage = async (
  type: string,
  validator: Validator,
  fields: unknown,
): Promise<CheckedMessage> => {
  const result = await validator['~standard'].validate(fields);
  if (result.issues === undefined) return { ok: true, fields: result.value };
  const issues = result.issues.slice(0, maxShownIssues).map(written).join('; ');
  return { ok: false, text: `${type} is not valid: ${issues}`.slice(0, maxTextLength) };
};

const written = (issue: Issue): string => {
  const path = pathOf(issue);
  return path === '' ? issue.message : `${path}: ${issue.message}`;
};

/** `['players', 0, 'name']` as a person would write it: `players[0].name`. */
const pathOf = ({ path = [] }: Issue): string =>
  path
    .map((part) => (typeof part === 'object' ? part.key : part))
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? String(key) : `.${String(key)}`))
    .join('');
