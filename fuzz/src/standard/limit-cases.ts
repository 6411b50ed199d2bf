import { binary, echo, inFragmentsOf, messageOf, type StandardCase, text } from './standard-case.ts';

/* Section 9: large messages, many frames, many messages. These need larger limits than the default ones. */

const kibi = 1_024;
const mebi = 1_024 * kibi;

const kinds = [
  { name: 'text', frame: text },
  { name: 'binary', frame: binary },
];

const sizes = [64 * kibi, 256 * kibi, mebi, 4 * mebi, 8 * mebi, 16 * mebi];
const large = kinds.flatMap(({ name, frame }, kind) =>
  sizes.map((size, at): StandardCase => {
    const message = messageOf(size);
    return {
      id: `9.${kind + 1}.${at + 1}`,
      title: `a ${name} of ${size / kibi} KiB`,
      frames: [frame(message)],
      expected: [echo(message)],
    };
  }),
);

/** 64 and 256 bytes would be 65,536 and 16,384 frames and the one that ends: past the largest `maxFragments`. */
const fragmentSizes = [kibi, 4 * kibi, 16 * kibi, 64 * kibi, 256 * kibi, mebi, 4 * mebi];
const fragmented = fragmentSizes.map((size, at): StandardCase => {
  const message = messageOf(4 * mebi);
  return {
    id: `9.3.${at + 3}`,
    title: `a text of 4 MiB in frames of ${size / kibi} KiB`,
    frames: inFragmentsOf(message, size),
    expected: [echo(message)],
  };
});

const chops = [64, 128, 256, 512, kibi, 2 * kibi];
const chopped = kinds.flatMap(({ name, frame }, kind) =>
  chops.map((chop, at): StandardCase => {
    const message = messageOf(mebi);
    return {
      id: `9.${kind + 5}.${at + 1}`,
      title: `a ${name} of 1 MiB in chops of ${chop}`,
      frames: [frame(message)],
      chop,
      expected: [echo(message)],
    };
  }),
);

const manySizes = [8, 16, 64, 256, kibi, 4 * kibi];
const many = kinds.flatMap(({ name, frame }, kind) =>
  manySizes.map((size, at): StandardCase => {
    const message = messageOf(size);
    return {
      id: `9.${kind + 7}.${at + 1}`,
      title: `1,000 ${name} messages of ${size} bytes`,
      frames: Array.from({ length: 1_000 }, () => frame(message)),
      expected: Array.from({ length: 1_000 }, () => echo(message)),
    };
  }),
);

export const limitCases: readonly StandardCase[] = [...large, ...fragmented, ...chopped, ...many];
