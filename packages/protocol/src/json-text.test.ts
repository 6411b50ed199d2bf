import { expect, test } from 'vitest';
import { JsonText } from './json-text.ts';

test('a JSON text as it is, and as the value of a form', () => {
  const text = new JsonText('{"name":"Zoë & 👋"}');
  expect(text.json).toBe('{"name":"Zoë & 👋"}');
  expect(decodeURIComponent(text.form)).toBe(text.json);
  expect(text.form).not.toContain('&');
  expect(text.form).toBe(text.form);
});
