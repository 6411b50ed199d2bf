import { clientEventType, isEvent, messageTypePattern } from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryMessageText, arbitraryTakenText } from '../../test/arbitrary-message.ts';
import { hasPlainKeys, type SlowJson, slowJson } from '../../test/slow-json.ts';
import { readClientMessage, type TakenMessage } from './client-message.ts';

const read = (text: string | undefined) => readClientMessage(text, 64);

const taken = (text: string): TakenMessage => {
  const result = read(text);
  if (!result.ok) throw new Error(result.text);
  return result;
};

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
  '{"text":"\\u0000 \\ud83d\\ude00 😀"}',
])('takes %s', (text) => {
  expect(taken(text).message).toEqual(JSON.parse(text));
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
  expect(read(text)).toEqual(refused('not-json', 'The message is not JSON: '));
});

test.each(['null', 'true', '7', '"hello"', '[]', '[{"type":"a"}]'])('%s is told to be no object', (text) => {
  expect(read(text)).toEqual(refused('bad-message', 'expected an object such as {"type":"hello"}'));
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
  expect(read(`{"type":${type}}`)).toEqual(refused('bad-message', 'expected 1 to 64 of A-Z'));
});

const nested = (depth: number, open = '[', close = ']'): string => {
  const inner = depth - 1;
  return `{"a":${open.repeat(inner)}${close.repeat(inner)}}`;
};

test('is taken 64 deep, and no deeper', () => {
  expect(read(nested(64)).ok).toBe(true);
  expect(read(nested(65))).toEqual(refused('bad-message', 'deeper than 64'));
});

test('objects count as lists do', () => {
  expect(read('{"a":'.repeat(64) + '1' + '}'.repeat(64)).ok).toBe(true);
  expect(read('{"a":'.repeat(65) + '1' + '}'.repeat(65))).toEqual(refused('bad-message', 'deeper than 64'));
});

test('brackets in texts do not count', () => {
  expect(read(JSON.stringify({ a: '['.repeat(1_000), [`\\"${'{'.repeat(99)}`]: '"[[' })).ok).toBe(true);
});

test('a million brackets are refused, without a stack that overflows', () => {
  expect(read('['.repeat(1_000_000))).toEqual(refused('bad-message', 'deeper than 64'));
  expect(read(nested(500_000, '[', ']')).ok).toBe(false);
});

test.each([
  '{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1}},"list":[{"__proto__":{"polluted":1}}]}',
  '{"\\u005f_proto__":{"polluted":1},"a":{"_\\u005Fproto__":{"polluted":1}},"list":[{"__pr\\u006fto__":{"polluted":1}}]}',
])('P112: drops __proto__ at any depth, however it is written: %s', (text) => {
  const { message, eventJson } = taken(text);
  expect(message).toEqual({ a: {}, list: [{}] });
  expect(JSON.parse(eventJson)).toEqual({ type: 'client-message', a: {}, list: [{}] });
  expect(JSON.stringify(message) + eventJson).not.toContain('polluted');
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test('keeps __proto__ as a value, and constructor as a key', () => {
  const text = '{"a":"__proto__","constructor":{"prototype":1},"toString":2}';
  expect(taken(text).message).toEqual(JSON.parse(text));
});

test('is as deep as `maxMessageDepth` allows', () => {
  expect(readClientMessage('{"a":[1]}', 2).ok).toBe(true);
  expect(readClientMessage('{"a":[1]}', 1)).toEqual(refused('bad-message', 'deeper than 1'));
});

test.each([
  '{"type":"a","type":"b"}',
  '{"type":"a","x":1,"type":"a"}',
  '{"type":"session-connect","type":7}',
  ' { "type" : null , "type" : {} } ',
])('P111: a second `type` is refused: %s', (text) => {
  expect(read(text)).toEqual(refused('bad-message', '`type` twice, and programs differ in which they take'));
});

test.each(['Type', 'TYPE', 'tYPe', '\\u0074ype', '\\u0074\\u0079\\u0070\\u0065', '\\u0054ype', 't\\u0059pe'])(
  'P111: a key %s is refused, with or without a type: some programs would take it for the type',
  (key) => {
    for (const text of [`{"${key}":"b"}`, `{"type":"a","${key}":"b"}`, `{"${key}":null,"type":"a"}`]) {
      expect(read(text)).toEqual(refused('bad-message', 'spell it so, or name it otherwise'));
    }
  },
);

test('such keys further down, and texts that look like them, are nobody’s type', () => {
  const text =
    '{"type":"a","b":{"type":1,"type":2,"Type":3},"list":[{"TYPE":1}],"c":"type","d":["type","Type"]}';
  expect(taken(text).eventJson).toBe(text.replace('"a"', '"client-a"'));
});

test.each([
  ['{"type":"say","n":1}', '{"type":"client-say","n":1}'],
  ['{"n":1,"type":"say"}', '{"n":1,"type":"client-say"}'],
  [' {\n "type" :\t"say" } ', ' {\n "type" :\t"client-say" } '],
  ['{"type":"client-say"}', '{"type":"client-say"}'],
  ['{"type":"\\u0063lient-say"}', '{"type":"\\u0063lient-say"}'],
  ['{"type":"\\u0073ay"}', '{"type":"client-\\u0073ay"}'],
  ['{"type":"session-connect"}', '{"type":"client-session-connect"}'],
  ['{}', '{"type":"client-message"}'],
  [' { } ', ' {"type":"client-message" } '],
  ['{"n":1}', '{"type":"client-message","n":1}'],
  ['{ "n":1}', '{"type":"client-message", "n":1}'],
  ['{"n":{"type":"x"}}', '{"type":"client-message","n":{"type":"x"}}'],
  ['{"a":"}","b":"{"}', '{"type":"client-message","a":"}","b":"{"}'],
])('the event of %s is %s', (text, event) => {
  expect(taken(text).eventJson).toBe(event);
});

test.each([
  '12345678901234567890',
  '1e400',
  '-1e400',
  '0.1000',
  '-0',
  '1E+2',
  '1e-999',
  '0.1234567890123456789',
])('the number %s is in the event as it was written', (number) => {
  expect(taken(`{"type":"say","n":${number},"list":[${number}]}`).eventJson).toBe(
    `{"type":"client-say","n":${number},"list":[${number}]}`,
  );
});

test.each([
  ['\\ud83d', '\\ufffd'],
  ['\\uDE00', '\\ufffd'],
  ['\\ud83d\\ude00', '\\ud83d\\ude00'],
  ['\\uD83D\\uDE00', '\\uD83D\\uDE00'],
  ['\\ude00\\ud83d', '\\ufffd\\ufffd'],
  ['\\ud83d\\ud83d\\ude00', '\\ufffd\\ud83d\\ude00'],
  ['\\ud83d\\ude00\\ude00', '\\ud83d\\ude00\\ufffd'],
  ['\\ud83d 😀', '\\ufffd 😀'],
  ['\\\\ud83d', '\\\\ud83d'],
  ['\\\\\\ud83d', '\\\\\\ufffd'],
  ['\\\\ud83d\\ud83d', '\\\\ud83d\\ufffd'],
  ['\\"\\ud83d', '\\"\\ufffd'],
])('P112: half a character is sent on as U+FFFD, and whole ones as they are: %s', (text, expected) => {
  const { message, eventJson } = taken(`{"type":"say","n":1e400,"${text}":"${text}"}`);
  expect(eventJson).toBe(`{"type":"client-say","n":1e400,"${expected}":"${expected}"}`);
  expect(message).toEqual(JSON.parse(eventJson.replace('client-', '')));
  expect(JSON.stringify(message)).not.toMatch(/[^\\]\\ud/);
});

test.each(['"\\ud8zz"', '"\\ud83"', '"\\ud83d\\udezz"', '"\\ud83d'])(
  '%s does not become JSON by that',
  (value) => {
    expect(read(`{"a":${value}}`)).toEqual(refused('not-json', 'The message is not JSON'));
  },
);

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  arbitraryMessageText,
  arbitraryTakenText,
  fc.tuple(arbitraryMessageText, fc.nat()).map(([json, at]) => json.slice(0, at % (json.length + 1))),
);

test('never throws: any text is an event whose type begins with client-, or an answer that says why not', () => {
  let count = 0;
  fc.assert(
    fc.property(anyText, (text) => {
      const result = read(text);
      if (!result.ok) {
        expect(['not-json', 'bad-message']).toContain(result.code);
        return;
      }
      count += 1;
      const { message, eventJson } = result;
      expect(message.type === undefined || messageTypePattern.test(message.type)).toBe(true);
      const event = JSON.parse(eventJson) as { type: string };
      expect(event.type).toMatch(/^client-[A-Za-z0-9._:-]*$/);
      expect(isEvent(event)).toBe(true);
      // Whatever takes the first of two keys, or ignores their case, reads the same type.
      const keys = (slowJson(eventJson) as SlowJson & { kind: 'object' }).entries.map(([key]) => key.value);
      expect(keys.filter((key) => key.toLowerCase() === 'type')).toEqual(['type']);
      expect(eventJson).not.toMatch(/"__proto__"\s*:/);
    }),
    { numRuns: 3_000 },
  );
  expect(count).toBeGreaterThan(200);
});

/** As JSON can hold it: no -0, no Infinity. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('the event is what JSON makes of the message, but for its type, half characters and __proto__', () => {
  fc.assert(
    fc.property(arbitraryTakenText, (text) => {
      fc.pre(hasPlainKeys(slowJson(text)));
      const { message, eventJson } = taken(text);
      const whole = JSON.parse(text, (key, value: unknown) => {
        if (key === '__proto__') return undefined;
        return typeof value === 'string' ? value.toWellFormed() : value;
      }) as { type?: string };
      expect(message).toEqual(whole);
      expect(asJson(JSON.parse(eventJson))).toEqual(asJson({ ...whole, type: clientEventType(whole.type) }));
    }),
    { numRuns: 2_000 },
  );
});

test('a key that V8 reads wrongly hides no type', () => {
  // What makes it do so: a key of the same shape that begins as an escape does.
  JSON.parse('{"b":1,"\\\\u00":2}');
  JSON.parse('{"\\\\u00":2}');
  for (const text of ['{"b":1,"\\u0074ype":"session-connect"}', '{"\\u0074ype":"session-connect"}']) {
    expect(read(text)).toEqual(refused('bad-message', 'spell it so'));
  }
});

test('all of the text is in the event, at its place', () => {
  fc.assert(
    fc.property(arbitraryTakenText, (text) => {
      const { message, eventJson } = taken(text);
      fc.pre(!text.includes('__proto__') && !text.includes('\\u') && !message.type?.startsWith('client-'));
      const added = message.type === undefined ? /"type":"client-message",?/ : 'client-';
      expect(eventJson.replace(added, '')).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});
