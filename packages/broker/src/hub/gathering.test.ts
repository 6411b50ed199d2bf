import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Gathering } from './gathering.ts';

const allocate = (bytes: number): Buffer => Buffer.alloc(bytes);

const frame = (text: string): Buffer => Buffer.from(text);
const written = (gathering: Gathering): string => Buffer.concat(gathering.chunks).toString();

test('frames come out in the order in which they were gathered', () => {
  const gathering = ['a', 'bc', 'd'].reduce(
    (all, text) => all.followedBy(frame(text)),
    Gathering.empty(allocate),
  );
  expect(written(gathering)).toBe('abcd');
  expect(gathering.bytes).toBe(4);
});

test('a lone frame is written as it is, not copied', () => {
  const lone = frame('a');
  expect(Gathering.empty(allocate).followedBy(lone).chunks[0]).toBe(lone);
});

test('who is owed the same shares one gathering, and one joined chunk', () => {
  const empty = Gathering.empty(allocate);
  const [first, second] = [frame('first'), frame('second')];
  const all = Array.from({ length: 1_000 }, () => empty.followedBy(first)).map((owed) =>
    owed.followedBy(second),
  );
  expect(new Set(all).size).toBe(1);
  expect(new Set(all.map(({ chunks }) => chunks[0])).size).toBe(1);
  expect(all[0]?.chunks).toHaveLength(1);
});

test('who was owed something else before gets it, and what comes after is not mixed up', () => {
  const empty = Gathering.empty(allocate);
  const [own, shared] = [frame('own '), frame('shared')];
  const alone = empty.followedBy(shared);
  const after = empty.followedBy(own).followedBy(shared);
  expect(written(alone)).toBe('shared');
  expect(written(after)).toBe('own shared');
});

test('much is not copied: it is handed on in its pieces', () => {
  const pieces = [Buffer.alloc(40_000, 'a'), Buffer.alloc(40_000, 'b')];
  const gathering = pieces.reduce((all, piece) => all.followedBy(piece), Gathering.empty(allocate));
  expect(gathering.chunks).toEqual(pieces);
  expect(gathering.chunks[0]).toBe(pieces[0]);
});

test('whatever is sent to whom, each is owed exactly what it was sent, in order', () => {
  const sends = fc.array(
    fc.record({
      text: fc.string({ maxLength: 5 }),
      to: fc.subarray([0, 1, 2, 3, 4], { minLength: 1 }),
    }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(sends, (all) => {
      const owed = Array.from({ length: 5 }, () => Gathering.empty(allocate));
      const empty = Gathering.empty(allocate);
      owed.fill(empty);
      const expected = Array.from({ length: 5 }, () => '');
      for (const { text, to } of all) {
        const sent = frame(text);
        for (const at of to) {
          owed[at] = (owed[at] ?? empty).followedBy(sent);
          expected[at] += text;
        }
      }
      expect(owed.map(written)).toEqual(expected);
    }),
  );
});
