import * as fc from 'fast-check';
import { closeFrame, encodeFrame, type FrameParts, opcodes } from '@wsbroker/testkit';
import { weighted } from './weighted.ts';

/*
 * What a client sends after the handshake, frame by frame: right ones, wrong ones, and bytes that are none. With
 * some chance a single byte of all that is another one.
 */

export interface FrameBytesOptions {
  /** Texts of which whole messages are made. */
  readonly text: fc.Arbitrary<string>;
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
}

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((each) => Buffer.from(each));

const mask = fc.uint8Array({ minLength: 4, maxLength: 4 });
const lengthForm = fc.oneof(
  { weight: 8, arbitrary: fc.constant('shortest' as const) },
  { weight: 1, arbitrary: fc.constantFrom('16' as const, '64' as const) },
);

const control = fc.record({
  opcode: fc.constantFrom(opcodes.ping, opcodes.pong),
  payload: bytes(125),
  mask,
});

/** A message in so many frames, with pings among them. */
const fragmented = (text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(text, fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 6 }), fc.boolean(), control)
    .map(([whole, sizes, hasPing, ping]) => {
      const payload = Buffer.from(whole);
      const frames: Buffer[] = [];
      let at = 0;
      for (const [index, size] of sizes.entries()) {
        const isLast = index === sizes.length - 1;
        const part = payload.subarray(at, isLast ? undefined : at + size);
        at += size;
        frames.push(encodeFrame({ opcode: index === 0 ? opcodes.text : 0, payload: part, isLast }));
        if (hasPing && !isLast) frames.push(encodeFrame(ping));
      }
      return Buffer.concat(frames);
    });

/** As many frames as a message may have, and one or two more. */
const manyFragments = (maxFragments: number): fc.Arbitrary<Buffer> =>
  fc.integer({ min: maxFragments - 2, max: maxFragments + 2 }).map((count) =>
    Buffer.concat(
      Array.from({ length: count }, (_, at) =>
        encodeFrame({
          opcode: at === 0 ? opcodes.text : 0,
          payload: at === 0 ? '{}' : ' ',
          isLast: at === count - 1,
        }),
      ),
    ),
  );

const anyFrame: fc.Arbitrary<FrameParts> = fc.record(
  {
    opcode: fc.oneof(fc.constantFrom(0, 1, 2, 8, 9, 10), fc.nat({ max: 15 })),
    payload: fc.oneof(bytes(140), fc.string({ maxLength: 40 })),
    isLast: fc.boolean(),
    reserved: fc.oneof(
      { weight: 5, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.nat({ max: 7 }) },
    ),
    mask: fc.oneof({ weight: 8, arbitrary: mask }, { weight: 1, arbitrary: fc.constant(false as const) }),
    length: fc.oneof(
      fc.nat({ max: 200 }),
      fc.constantFrom(
        125,
        126,
        127,
        65_535,
        65_536,
        2 ** 31,
        2 ** 32,
        2n ** 53n,
        2n ** 62n,
        2n ** 63n,
        2n ** 64n - 1n,
      ),
    ),
    lengthForm,
  },
  { requiredKeys: ['opcode', 'payload'] },
);

const anyClose = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(1000, 1001, 1004, 1005, 1006, 1014, 1015, 3000, 4501, 4999),
      fc.nat({ max: 65_535 }),
    ),
    fc.oneof(fc.string({ maxLength: 60 }), bytes(125)),
  )
  .map(([code, reason]) => closeFrame(code, reason));

const piece = ({ text, maxMessageBytes, maxFragments }: FrameBytesOptions): fc.Arbitrary<Buffer> => {
  const whole = fc.record({ opcode: fc.constantFrom(1, 1, 1, 2), payload: text, mask, lengthForm });
  const nearLimit = fc
    .integer({ min: maxMessageBytes - 2, max: maxMessageBytes + 2 })
    .map((length) => encodeFrame({ opcode: opcodes.text, payload: `{"type":"m"}`.padEnd(length) }));
  return fc.oneof(
    weighted(8, whole.map(encodeFrame)),
    weighted(3, fragmented(text)),
    weighted(3, control.map(encodeFrame)),
    weighted(3, anyFrame.map(encodeFrame)),
    weighted(1, anyClose),
    weighted(1, bytes(60)),
    weighted(1, nearLimit),
    weighted(1, manyFragments(maxFragments)),
  );
};

export const frameBytes = (options: FrameBytesOptions): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.array(piece(options), { maxLength: 8 }),
      fc.oneof(
        weighted(4, fc.constant(undefined)),
        weighted(
          1,
          fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.nat({ max: 255 })),
        ),
      ),
    )
    .map(([pieces, change]) => {
      const all = Buffer.concat(pieces);
      if (change && all.length > 0) all[Math.floor(change[0] * all.length)] = change[1];
      return all;
    });

/** Where the bytes are cut into writes, as parts of the whole. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  maxLength: 3,
});

export const inChunks = (all: Buffer, places: readonly number[]): Buffer[] => {
  const ends = [...places.map((place) => Math.floor(place * all.length)), all.length].toSorted(
    (a, b) => a - b,
  );
  return ends.map((end, index) => all.subarray(ends[index - 1] ?? 0, end)).filter(({ length }) => length > 0);
};
