import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { Pongs } from './pongs.ts';

/** A stream to a client that reads when it is told to. */
const connect = () => {
  const frames: Buffer[] = [];
  let resume: (() => void) | undefined;
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      frames.push(chunk);
      if (isReading) done();
      else resume = done;
    },
  });
  let isReading = true;
  return {
    stream,
    pongs: new Pongs({
      write: (frame) => void stream.write(frame),
      get waitingBytes() {
        return stream.writableLength;
      },
    }),
    payloads: () => frames.map((frame) => frame.toString('latin1', 2)),
    frames,
    read(reads: boolean) {
      isReading = reads;
      if (reads) resume?.();
    },
  };
};

test('a few pings are answered each at once, in order', () => {
  const { pongs, frames } = connect();
  const pings = ['', 'a', 'x'.repeat(125), '', ...Array.from({ length: 10 }, (_, n) => String(n))];
  for (const ping of pings) pongs.answer(Buffer.from(ping));
  expect(frames).toEqual(
    pings.map((ping) => Buffer.concat([Buffer.from([0x8a, ping.length]), Buffer.from(ping)])),
  );
  pongs.settle();
  expect(frames).toHaveLength(pings.length);
});

test('P132: of many pings that come together some are answered, and always the last', () => {
  const { pongs, payloads } = connect();
  for (let n = 0; n < 300; n += 1) pongs.answer(Buffer.from(String(n)));
  pongs.settle();
  expect(payloads().length).toBeLessThan(20);
  expect(payloads().at(-1)).toBe('299');
  pongs.answer(Buffer.from('next'));
  expect(payloads().at(-1)).toBe('next');
});

test('P132: of the pings of a client that does not read the last is answered, once it reads again', async () => {
  const { pongs, payloads, stream, read } = connect();
  read(false);
  const count = 10_000;
  for (let n = 0; n < count; n += 1) {
    pongs.answer(Buffer.from(`${n}`.padStart(100)));
    pongs.settle();
  }
  expect(stream.writableLength).toBeLessThan(16_384 + 200);
  read(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(stream.writableLength).toBe(0);
  pongs.settle();
  pongs.settle();
  const answered = payloads().map(Number);
  expect(answered.at(-1)).toBe(count - 1);
  expect(answered.slice(0, -1)).toEqual(answered.slice(0, -1).map((_, n) => n));
  expect(answered.length).toBeGreaterThan(100);
});
