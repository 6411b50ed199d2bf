import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as ws from 'ws';
import { Messages, messageText, textFrame, textFrames } from './frame.ts';

/** Exported by `ws`, and not in its types. */
interface SenderOfWs {
  frame(
    data: Buffer,
    options: { fin: boolean; opcode: number; mask: boolean; readOnly: boolean; rsv1: boolean },
  ): Buffer[];
}
const { Sender } = ws as unknown as { Sender: SenderOfWs };

const frameOfWs = (text: string): Buffer =>
  Buffer.concat(
    Sender.frame(Buffer.from(text), { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false }),
  );

/** Around each border of the three ways to write a length, counted in bytes. */
const lengths = [0, 1, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, 200_000];

test.each(lengths)('a frame of %d bytes is what ws makes', (length) => {
  const text = 'x'.repeat(length);
  expect(textFrame(text).equals(frameOfWs(text))).toBe(true);
});

const unit = fc.oneof(
  fc.constantFrom('é', '€', '😀', '\ud800', '\udc00', '\u{0}'),
  fc.string({ maxLength: 3 }),
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.tuple(unit, fc.constantFrom(...lengths)).map(([part, length]) => {
    const bytes = Math.max(1, Buffer.byteLength(part));
    return part.repeat(Math.ceil(length / bytes));
  }),
);

test('a frame is what ws makes, in bytes and not in characters', () => {
  const lengthClasses = new Set<number>();
  fc.assert(
    fc.property(text, (any) => {
      const frame = textFrame(any);
      lengthClasses.add(Math.max(125, frame[1] ?? 0));
      expect(frame.equals(frameOfWs(any))).toBe(true);
    }),
    { numRuns: 300 },
  );
  expect([...lengthClasses].toSorted((a, b) => a - b)).toEqual([125, 126, 127]);
});

test('several are what each is alone, one after the other', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), (all) => {
      const { bytes, ends } = textFrames(all);
      const each = ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
      expect(each).toEqual(all.map((message) => textFrame(message)));
      expect(bytes).toEqual(Buffer.concat(each));
    }),
    { numRuns: 50 },
  );
});

test('messages are framed once; a list gets a space before it where frames are lists', () => {
  const messages = new Messages(['{"n":1}', '[2]']);
  expect(messages.plain).toBe(messages.plain);
  expect(messages.plain).toEqual(textFrames(['{"n":1}', '[2]']));
  expect(messages.v1).toBe(messages.v1);
  expect(messages.v1).toEqual(textFrames(['{"n":1}', ' [2]']));
  const others = new Messages(['{"n":1}', 'text']);
  expect(others.v1).toBe(others.plain);
});

test('an object is encoded, a string stays as it is', () => {
  expect(messageText({ type: 'hello', list: [1, null] })).toBe('{"type":"hello","list":[1,null]}');
  expect(messageText('hello')).toBe('hello');
  expect(messageText('')).toBe('');
  expect(messageText([1])).toBe('[1]');
  expect(messageText(null)).toBe('null');
  expect(messageText(5)).toBe('5');
});

test.each([
  [undefined, 'The message is undefined, which JSON has not'],
  [() => {}, 'The message is a function, which JSON has not'],
  [Symbol('x'), 'The message is a symbol, which JSON has not'],
])('%o is no message', (message: unknown, expected) => {
  expect(() => messageText(message)).toThrow(expected);
});
