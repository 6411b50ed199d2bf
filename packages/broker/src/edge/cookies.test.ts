import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cookiesOf, sessionCookies } from './cookies.ts';

test.each<[string | undefined, Record<string, string>]>([
  [undefined, {}],
  ['', {}],
  ['a=1', { a: '1' }],
  ['a=1; b=2;c=3', { a: '1', b: '2', c: '3' }],
  ['PHPSESSID=28jg1m5u', { phpsessid: '28jg1m5u' }],
  ['a=', { a: '' }],
  ['token=YWJj==', { token: 'YWJj==' }],
  ['a=%20b', { a: '%20b' }],
  ['a=%zz', { a: '%zz' }],
  ['a="quoted"', { a: '"quoted"' }],
  ['a=1; A=2; a=3', { a: '1' }],
  ['noequals; b=2', { b: '2' }],
  [';;; =; b=2', { '': '', b: '2' }],
])('%j is %j', (header, expected) => {
  expect(cookiesOf(header)).toEqual(expected);
});

test('at most 50 are kept', () => {
  const header = Array.from({ length: 80 }, (_, at) => `c${at}=${at}`).join('; ');
  const cookies = cookiesOf(header);
  expect(Object.keys(cookies)).toHaveLength(50);
  expect(cookies).toHaveProperty('c49');
  expect(cookies).not.toHaveProperty('c50');
});

test('one of more than 4 KiB is left out, and the others are kept', () => {
  expect(cookiesOf(`a=1; big=${'x'.repeat(4_094)}; b=2`)).toEqual({ a: '1', b: '2' });
  expect(Object.keys(cookiesOf(`big=${'x'.repeat(4_093)}`))).toEqual(['big']);
});

test('__proto__ is left out, and constructor is a name like any other', () => {
  const cookies = cookiesOf('__proto__=x; __PROTO__=y; constructor=z; toString=w');
  expect(cookies).toEqual({ constructor: 'z', tostring: 'w' });
  expect(Object.getPrototypeOf(cookies)).toBe(Object.prototype);
});

test('all, none or those named become fields of the session', () => {
  const cookies = { a: '1', b: '2', phpsessid: '3' };
  expect(sessionCookies(cookies, true)).toEqual(cookies);
  expect(sessionCookies(cookies, false)).toEqual({});
  expect(sessionCookies(cookies, ['PHPSESSID', 'missing'])).toEqual({ phpsessid: '3' });
  expect(sessionCookies(cookies, [])).toEqual({});
});

test.each(['ip', 'wskey', 'IP', 'WsKey'])(
  'a cookie %s never becomes a field, not even when named',
  (name) => {
    const cookies = cookiesOf(`${name}=forged; a=1`);
    expect(sessionCookies(cookies, true)).toEqual({ a: '1' });
    expect(sessionCookies(cookies, ['ip', 'wskey', 'a'])).toEqual({ a: '1' });
  },
);

const anyName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'ip', 'WSKEY', 'room', ''),
  fc.string({ maxLength: 8 }),
);
const anyHeader = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.tuple(anyName, fc.string({ maxLength: 8 })), { maxLength: 70 })
    .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('; ')),
);

test('never throws; whatever a client sends, names are free and in lower case, and values are texts', () => {
  fc.assert(
    fc.property(anyHeader, (header) => {
      const cookies = cookiesOf(header);
      const entries = Object.entries(cookies);
      expect(entries.length).toBeLessThanOrEqual(50);
      for (const [name, value] of entries) {
        expect(name).toBe(name.toLowerCase());
        expect(header).toContain(value);
      }
      const fields = sessionCookies(cookies, true);
      expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
      for (const name of ['ip', 'wskey', '__proto__']) expect(Object.hasOwn(fields, name)).toBe(false);
    }),
  );
});

test('what was written is read back', () => {
  const token = fc.stringMatching(/^[a-z0-9_-]{1,10}$/).filter((name) => name !== '__proto__');
  const octets = fc.stringMatching(/^[!#-+\--:<-[\]-~]{0,20}$/);
  fc.assert(
    fc.property(fc.dictionary(token, octets, { maxKeys: 50, noNullPrototype: true }), (cookies) => {
      const header = Object.entries(cookies)
        .map(([name, value]) => `${name}=${value}`)
        .join('; ');
      expect(cookiesOf(header)).toEqual(cookies);
    }),
  );
});
