import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientClose, clientFrame, clientText, webSocketOnStream } from '../../../test/client-frame.ts';
import { SlicedReading, sliceBytes } from './sliced-reading.ts';

const nobody = { sliceRead: () => {} };

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

test('`ws` reads its stream with one listener for `data`, which is wrapped and can still be taken off', async () => {
  const { stream, ws } = webSocketOnStream();
  const [reader, ...others] = stream.listeners('data');
  expect(others).toEqual([]);
  expect(new SlicedReading().begin(stream, nobody)).toBe(true);
  expect(stream.listeners('data')).toEqual([reader]);
  expect(stream.rawListeners('data')).not.toEqual([reader]);
  // The last frame: `ws` takes its listener off, and reads no further.
  stream.push(Buffer.concat([clientClose, Buffer.alloc(3 * sliceBytes, 1)]));
  const errors: Error[] = [];
  ws.on('error', (error) => errors.push(error));
  const closed = new Promise((resolve) => ws.on('close', resolve));
  await turn();
  expect(stream.listenerCount('data')).toBe(0);
  stream.push(null);
  expect(await closed).toBe(1000);
  expect(errors).toEqual([]);
});

test('a stream that somebody else reads too is left as it is', () => {
  const { stream } = webSocketOnStream();
  stream.on('data', () => {});
  const before = stream.rawListeners('data');
  expect(new SlicedReading().begin(stream, nobody)).toBe(false);
  expect(stream.rawListeners('data')).toEqual(before);
});

test('a pause holds within one slice, whatever one read brings; what is left comes after it, in order', async () => {
  const { stream, ws } = webSocketOnStream();
  expect(new SlicedReading().begin(stream, nobody)).toBe(true);
  const got: number[] = [];
  ws.on('message', (data) => {
    got.push(Number((data as Buffer).toString()));
    ws.pause();
  });
  const count = 8_000;
  stream.push(Buffer.concat(Array.from({ length: count }, (_, n) => clientText(String(n)))));
  let turns = 0;
  while (got.length < count) {
    const before = got.length;
    ws.resume();
    await turn();
    await turn();
    // Frames of 7 bytes at least.
    expect(got.length - before).toBeLessThanOrEqual(sliceBytes / 7);
    turns += 1;
  }
  expect(turns).toBeGreaterThan(count / (sliceBytes / 7));
  expect(got).toEqual(Array.from({ length: count }, (_, n) => n));
  ws.terminate();
});

test('what was read before the stream was cut is heard, as it is without slices', async () => {
  const { stream, ws } = webSocketOnStream();
  expect(new SlicedReading().begin(stream, nobody)).toBe(true);
  let count = 0;
  ws.on('message', () => {
    count += 1;
    ws.terminate();
  });
  const closed = new Promise((resolve) => ws.on('close', resolve));
  stream.push(Buffer.concat(Array.from({ length: 8_000 }, () => clientText('x'))));
  await closed;
  expect(count).toBe(8_000);
});

describe('however the stream is cut and whenever it is paused, messages come whole, in order, exactly once', () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), bytes: fc.integer({ min: 1, max: 9_000 }) }),
    fc.record({
      kind: fc.constantFrom('pause' as const, 'resume' as const, 'join' as const, 'turn' as const),
    }),
  );
  const size = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 6_000 }));

  test.each(['a close frame', 'the end of the stream', 'a cut'] as const)('up to %s', async (end) => {
    const property = fc.asyncProperty(
      fc.array(size, { maxLength: 60 }),
      fc.array(action, { maxLength: 60 }),
      fc.integer({ min: 0, max: 5_000 }),
      // At which messages the reader pauses.
      fc.infiniteStream(fc.integer({ min: 0, max: 7 })),
      async (sizes, actions, headBytes, pauses) => {
        const texts = sizes.map((length, n) => `${n}:${'x'.repeat(length)}`);
        const frames = texts.map((text, n) =>
          // Some in two fragments, with a ping between them.
          n % 5 === 4
            ? Buffer.concat([
                clientFrame(0x01, text.slice(0, 3)),
                clientFrame(0x89, 'p'),
                clientFrame(0x80, text.slice(3)),
              ])
            : clientText(text),
        );
        if (end === 'a close frame') frames.push(clientClose);
        const bytes = Buffer.concat(frames);
        const { stream, ws } = webSocketOnStream(Buffer.from(bytes.subarray(0, headBytes)));
        let at = Math.min(headBytes, bytes.length);
        const reading = new SlicedReading();
        reading.begin(stream, nobody);
        const got: string[] = [];
        const errors: Error[] = [];
        ws.on('error', (error) => errors.push(error));
        ws.on('message', (data) => {
          got.push((data as Buffer).toString());
          if (pauses.next().value === 0) ws.pause();
        });
        const closed = new Promise<number>((resolve) => ws.on('close', resolve));
        const push = (count: number): void => {
          // A copy, as a read is: `ws` unmasks in place.
          if (at < bytes.length) stream.push(Buffer.from(bytes.subarray(at, at + count)));
          at = Math.min(bytes.length, at + count);
        };
        for (const step of actions) {
          if (step.kind === 'push') push(step.bytes);
          else if (step.kind === 'turn') await turn();
          else if (step.kind === 'join') reading.join(stream);
          else ws[step.kind]();
        }
        push(bytes.length);
        // A stream that is cut gives out what it holds, all at once.
        if (end === 'a cut') stream.destroy();
        else stream.push(null);
        while (ws.readyState !== ws.CLOSED) {
          reading.join(stream);
          ws.resume();
          await turn();
        }
        expect(await closed).toBe(end === 'a close frame' ? 1000 : 1006);
        expect(errors).toEqual([]);
        expect(got).toEqual(texts);
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });
});
