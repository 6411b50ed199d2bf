import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as ws from 'ws';
import { messageText, textFrame } from './frame.ts';

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
