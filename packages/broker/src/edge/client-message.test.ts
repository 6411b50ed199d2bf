import { messageTypePattern } from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readClientMessage } from './client-message.ts';

const refused = (code: string, text: string) => ({
  ok: false,
  code,
  text: expect.stringContaining(text) as string,
});

test.each([
  '{}',
  '{"type":"hello"}',
  ' {"type":"client-hello","n":[1,{"a":null}]} ',
  '{"type":"session-connect"}',
  '{"type":"a.b_c:d-E9"}',
  `{"type":"${'x'.repeat(64)}"}`,
  '{"text":"\\u0000 \\ud800 😀"}',
])('takes %s', (text) => {
  expect(readClientMessage(text)).toEqual({ ok: true, message: JSON.parse(text) as unknown });
});

test.each([
  '',
  ' ',
  'hello',
  '{',
  '{"type":"a"',
  "{'type':'a'}",
  '{"type":"a"} x',
  '\u{FEFF}{}',
  'undefined',
  '\u{0}',
])('%j is told to be no JSON', (text) => {
  expect(readClientMessage(text)).toEqual(refused('not-json', 'The message is not JSON: '));
});

test.each(['null', 'true', '7', '"hello"', '[]', '[{"type":"a"}]'])('%s is told to be no object', (text) => {
  expect(readClientMessage(text)).toEqual(refused('bad-message', 'expected JSON such as {"type":"hello"}'));
});

test.each([
  '""',
  'null',
  '7',
  'true',
  '{}',
  '["a"]',
  '"a b"',
  '"ä"',
  '"a\\n"',
  '"a/b"',
  '"<b>"',
  `"${'x'.repeat(65)}"`,
])('the type %s is told to be not usable', (type) => {
  expect(readClientMessage(`{"type":${type}}`)).toEqual(refused('bad-message', 'expected 1 to 64 of A-Z'));
});

const nested = (depth: number, open = '[', close = ']'): string => {
  const inner = depth - 1;
  return `{"a":${open.repeat(inner)}${close.repeat(inner)}}`;
};

test('is taken 64 deep, and no deeper', () => {
  expect(readClientMessage(nested(64)).ok).toBe(true);
  expect(readClientMessage(nested(65))).toEqual(refused('bad-message', 'deeper than 64'));
});

test('objects count as lists do', () => {
  expect(readClientMessage('{"a":'.repeat(64) + '1' + '}'.repeat(64)).ok).toBe(true);
  expect(readClientMessage('{"a":'.repeat(65) + '1' + '}'.repeat(65))).toEqual(
    refused('bad-message', 'deeper than 64'),
  );
});

test('brackets in texts do not count', () => {
  expect(
    readClientMessage(JSON.stringify({ a: '['.repeat(1_000), [`\\"${'{'.repeat(99)}`]: '"[[' })).ok,
  ).toBe(true);
});

test('a million brackets are refused, without a stack that overflows', () => {
  expect(readClientMessage('['.repeat(1_000_000))).toEqual(refused('bad-message', 'deeper than 64'));
  expect(readClientMessage(nested(500_000, '[', ']')).ok).toBe(false);
});

test.each([
  '{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1}},"list":[{"__proto__":{"polluted":1}}]}',
  '{"\\u005f_proto__":{"polluted":1},"a":{"_\\u005Fproto__":{"polluted":1}},"list":[{"__pr\\u006fto__":{"polluted":1}}]}',
])('drops __proto__ at any depth, however it is written: %s', (text) => {
  const read = readClientMessage(text);
  expect(read).toEqual({ ok: true, message: { a: {}, list: [{}] } });
  expect(JSON.stringify(read)).not.toContain('polluted');
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test('keeps __proto__ as a value, and constructor as a key', () => {
  const text = '{"a":"__proto__","constructor":{"prototype":1},"toString":2}';
  expect(readClientMessage(text)).toEqual({ ok: true, message: JSON.parse(text) as unknown });
});

const key = fc.constantFrom('type', 'a', '__proto__', '\\u005f_proto__', 'constructor', '\\u0061');
const { anyJson } = fc.letrec((tie) => ({
  anyJson: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.array(tie('anyJson') as fc.Arbitrary<string>, { maxLength: 3 }).map((items) => `[${items.join()}]`),
    fc
      .array(fc.tuple(key, tie('anyJson') as fc.Arbitrary<string>), { maxLength: 3 })
      .map((entries) => `{${entries.map(([name, json]) => `"${name}":${json}`).join()}}`),
  ),
}));
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  anyJson,
  fc.tuple(anyJson, fc.nat()).map(([json, at]) => json.slice(0, at % (json.length + 1))),
);

test('never throws: any text is a message with a usable type, or an answer that says why not', () => {
  let taken = 0;
  fc.assert(
    fc.property(anyText, (text) => {
      const read = readClientMessage(text);
      if (!read.ok) {
        expect(['not-json', 'bad-message']).toContain(read.code);
        return;
      }
      taken += 1;
      const { type } = read.message;
      expect(type === undefined || messageTypePattern.test(type)).toBe(true);
      expect(Object.hasOwn(read.message, '__proto__')).toBe(false);
      expect(JSON.stringify(read.message)).not.toContain('"__proto__":');
    }),
    { numRuns: 1_000 },
  );
  expect(taken).toBeGreaterThan(50);
});

test('what is taken is what JSON says, but for __proto__', () => {
  const safe = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });
  fc.assert(
    fc.property(safe, (fields) => {
      const text = JSON.stringify({ ...fields, type: 'x' });
      fc.pre(!text.includes('__proto__'));
      expect(readClientMessage(text)).toEqual({ ok: true, message: JSON.parse(text) as unknown });
    }),
  );
});
