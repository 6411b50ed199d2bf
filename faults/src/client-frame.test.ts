import { expect, test } from 'vitest';
import { opcodes } from '@wsbroker/testkit';
import { clientFrame, FrameReader } from './client-frame.ts';

/** As a broker would write it: the same, without the mask. */
const serverFrame = (payload: string, opcode?: number): Buffer => {
  const frame = clientFrame(payload, opcode === undefined ? {} : { opcode });
  const headBytes = frame.length - Buffer.byteLength(payload) - 4;
  const head = Buffer.from(frame.subarray(0, headBytes));
  head[1] = (head[1] ?? 0) & 0x7f;
  return Buffer.concat([head, Buffer.from(payload)]);
};

test.for([1, 7, 100_000])('frames of every length are read back from chunks of %i bytes', (chunkBytes) => {
  const payloads = ['', 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(65_535), 'x'.repeat(65_536)];
  const bytes = Buffer.concat([
    ...payloads.map((payload) => serverFrame(payload)),
    serverFrame('bye', opcodes.close),
  ]);
  const reader = new FrameReader();
  const frames = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    frames.push(...reader.take(bytes.subarray(at, at + chunkBytes)));
  }
  expect(frames.map(({ payload }) => payload.toString())).toEqual([...payloads, 'bye']);
  expect(frames.at(-1)?.opcode).toBe(opcodes.close);
});

test('every bit of a frame is as asked for', () => {
  const odd = { opcode: opcodes.continuation, isLast: false, isCompressed: true, claimedBytes: 3 };
  expect([...clientFrame('x', odd)]).toEqual([0x40, 0x83, 0, 0, 0, 0, 0x78]);
  expect(clientFrame('', { claimedBytes: 2 ** 62 }).readBigUInt64BE(2)).toBe(2n ** 62n);
});
