import { type Decoded, parseJson, refused } from './decoded.ts';

/** A form of fields that are JSON texts: `application/x-www-form-urlencoded`. */
export const encodeForm = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, json]) => `${name}=${formValue(json)}`)
    .join('&');

/** A text as the value of a field of a form. U+FFFD goes in the place of a lone surrogate, which UTF-8 cannot carry. */
export const formValue = (text: string): string => {
  try {
    return encodeURIComponent(text);
  } catch {
    // It throws at a lone surrogate; to look for one first would cost as much again.
    return encodeURIComponent(text.toWellFormed());
  }
};

/**
 * The JSON value of one field of a form.
 *
 * `+` is a space and what is no valid percent-encoding stays as it is, as in every browser. A field that
 * is there twice is refused: languages disagree on which of the two counts.
 */
export const jsonField = (form: string, name: string): Decoded<unknown> => {
  const texts = new URLSearchParams(form).getAll(name);
  const [text] = texts;
  if (text !== undefined && texts.length === 1) return parseJson(text, `The form field \`${name}\``, [name]);
  const seen = text === undefined ? 'missing' : `there ${texts.length} times`;
  const message = `The form field \`${name}\` is ${seen}: expected ${name}=<JSON, percent-encoded> once`;
  return refused('bad-shape', message, [{ path: [name], message }]);
};
