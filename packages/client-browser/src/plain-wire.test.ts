import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from './plain-wire.ts';

const plenty = 2 ** 30;

test('what is encoded is decoded to the same', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (fields, type) => {
      const message = { ...fields, type };
      const { text, bytes } = encode(message, plenty);
      expect(bytes).toBe(Buffer.byteLength(text));
      expect(decode(text)).toEqual(JSON.parse(JSON.stringify(message)));
    }),
  );
});

const circular: { self?: unknown } = {};
circular.self = circular;

test.each([
  ['a circle', circular],
  ['a bigint', { type: 'x', n: 1n }],
  ['undefined', undefined],
  ['null', null],
  ['a function', () => 1],
  ['a string', 'hello'],
  // An array could be taken for a control frame.
  ['an array', ['ack', 1]],
])('does not encode %s', (_name, message) => {
  expect(() => encode(message, plenty)).toThrow(expect.objectContaining({ code: 'not-json' }));
});

test('measures a message in bytes of UTF-8', () => {
  const message = { type: 'x', text: 'ä€😀' };
  const bytes = Buffer.byteLength(JSON.stringify(message));
  expect(encode(message, bytes).bytes).toBe(bytes);
  expect(() => encode(message, bytes - 1)).toThrow(
    expect.objectContaining({
      code: 'too-large',
      message: `The message has ${bytes} bytes, of at most ${bytes - 1}`,
    }),
  );
});

test.each([
  ['text that is no JSON', 'hello'],
  ['an array', '["open",{}]'],
  ['null', 'null'],
  ['a number', '1'],
  ['an object without a type', '{"a":1}'],
  ['a type that is no string', '{"type":1}'],
  ['a binary frame', new ArrayBuffer(4)],
  ['nothing', undefined],
])('does not decode %s', (_name, data) => {
  expect(() => decode(data)).toThrow(expect.objectContaining({ code: 'bad-message' }));
});

test('never throws anything but a ClientError on what comes in', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        expect(typeof decode(text).type).toBe('string');
      } catch (error) {
        expect(error).toMatchObject({ name: 'ClientError', code: 'bad-message' });
      }
    }),
  );
});
