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
    pongs: new Pongs(stream),
    payloads: () => frames.map((frame) => frame.toString('latin1', 2)),
    frames,
    read(reads: boolean) {
      isReading = reads;
      if (reads) resume?.();
    },
  };
};

test('each ping that comes by itself is answered, in order', () => {
  const { pongs, frames } = connect();
  const pings = ['', 'a', 'x'.repeat(125), ''];
  for (const ping of pings) {
    pongs.owe(Buffer.from(ping));
    pongs.settle();
  }
  pongs.settle();
  expect(frames).toEqual(
    pings.map((ping) => Buffer.concat([Buffer.from([0x8a, ping.length]), Buffer.from(ping)])),
  );
});

test('P132: of many pings that come together the last is answered', () => {
  const { pongs, payloads } = connect();
  for (const ping of ['a', 'b', 'c']) pongs.owe(Buffer.from(ping));
  pongs.settle();
  expect(payloads()).toEqual(['c']);
});

test('P132: of the pings of a client that does not read the last is answered, once it reads again', async () => {
  const { pongs, payloads, stream, read } = connect();
  read(false);
  const count = 10_000;
  for (let n = 0; n < count; n += 1) {
    pongs.owe(Buffer.from(`${n}`.padStart(100)));
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
