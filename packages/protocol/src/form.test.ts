import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../test/arbitrary-json.ts';
import { encodeForm, jsonField } from './form.ts';

const json = (value: unknown): string => JSON.stringify(value);

test('a field is read from among others', () => {
  expect(jsonField('a=1&data=%5B%5D&b=2', 'data')).toEqual({ ok: true, value: [] });
});

test('a field need not be encoded where it has none of % & + ;', () => {
  expect(jsonField('data=[{"type":"list"}]', 'data')).toEqual({ ok: true, value: [{ type: 'list' }] });
});

test('a plus sign is a space, and %2B a plus sign', () => {
  expect(jsonField('data="a+b"', 'data')).toEqual({ ok: true, value: 'a b' });
  expect(jsonField('data="a%2Bb"', 'data')).toEqual({ ok: true, value: 'a+b' });
});

test('what is no valid percent-encoding stays as it is', () => {
  expect(jsonField('data="100%zz"', 'data')).toEqual({ ok: true, value: '100%zz' });
  expect(jsonField('data="100%"', 'data')).toEqual({ ok: true, value: '100%' });
  expect(jsonField('data=%zz', 'data')).toMatchObject({ ok: false, error: { code: 'not-json' } });
});

test('bytes that are no UTF-8 become U+FFFD', () => {
  expect(jsonField('data="%ff"', 'data')).toEqual({ ok: true, value: '\u{FFFD}' });
});

test('a field that is missing, empty or there twice is an error that names it', () => {
  expect(jsonField('Data=1&xdata=2&dat%61a=3', 'data')).toMatchObject({
    error: {
      code: 'bad-shape',
      message: 'The form field `data` is missing: expected data=<JSON, percent-encoded> once',
      issues: [{ path: ['data'] }],
    },
  });
  expect(jsonField('data=[1]&data=[2]', 'data')).toMatchObject({
    error: {
      code: 'bad-shape',
      message: 'The form field `data` is there 2 times: expected data=<JSON, percent-encoded> once',
      issues: [{ path: ['data'] }],
    },
  });
  for (const form of ['data=', 'data']) {
    const result = jsonField(form, 'data');
    expect(result).toMatchObject({ error: { code: 'not-json', issues: [{ path: ['data'] }] } });
    expect(!result.ok && result.error.message).toMatch(/^The form field `data` is not JSON: /);
  }
});

test('the name of a field may be encoded as well', () => {
  expect(jsonField('d%61ta=1', 'data')).toEqual({ ok: true, value: 1 });
});

test('a lone surrogate in a text travels as U+FFFD, and one escaped in JSON as it is', () => {
  expect(jsonField(encodeForm({ data: '"\ud800"' }), 'data')).toEqual({ ok: true, value: '\u{FFFD}' });
  expect(jsonField(encodeForm({ data: json('\ud800') }), 'data')).toEqual({ ok: true, value: '\ud800' });
});

test('every text comes back out of a form, and nothing of it becomes another field', () => {
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      const form = encodeForm({ a: json(a), b: json(b) });
      expect(form).toMatch(/^a=[\x21-\x25\x27-\x7e]*&b=[\x21-\x25\x27-\x7e]*$/);
      expect(jsonField(form, 'a')).toEqual({ ok: true, value: a });
      expect(jsonField(form, 'b')).toEqual({ ok: true, value: b });
    }),
    { numRuns: 500 },
  );
});

test('reading a field of any text never throws', () => {
  fc.assert(
    fc.property(anyText, anyText, (form, name) => {
      expect(typeof jsonField(form, name).ok).toBe('boolean');
      expect(typeof jsonField(`data=${form}`, 'data').ok).toBe('boolean');
    }),
    { numRuns: 500 },
  );
});
