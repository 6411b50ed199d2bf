import { expect, test } from 'vitest';
import { clientFrame, clientText, webSocketOnStream } from '../../../test/client-frame.ts';
import { SlicedReading } from './sliced-reading.ts';
import { maxPieces, UnfinishedFrame } from './unfinished-frame.ts';

const maxMessageBytes = 65_536;

/** As the edge puts it together; without a rate. */
const connect = () => {
  const { stream, ws } = webSocketOnStream(undefined, {
    maxPayload: maxMessageBytes,
    maxBufferedChunks: maxPieces(maxMessageBytes),
  });
  let unfinished: UnfinishedFrame | undefined;
  const owner = {
    sliceRead() {
      unfinished ??= UnfinishedFrame.of(ws);
      if (unfinished?.join() === false) unfinished = undefined;
    },
  };
  expect(new SlicedReading().begin(stream, owner)).toBe(true);
  const messages: string[] = [];
  const errors: Error[] = [];
  ws.on('message', (data) => messages.push((data as Buffer).toString()));
  ws.on('error', (error) => errors.push(error));
  return { stream, ws, messages, errors };
};

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** What `ws` holds: this test fails when a version of it keeps that elsewhere, and then nothing is joined. */
const piecesOf = (ws: object): number =>
  (ws as { _receiver: { _buffers: readonly Buffer[] } })._receiver._buffers.length;

test.each([1, 2, 3, 100, 255])(
  'messages of the largest size that come in pieces of %i bytes arrive whole; few pieces are ever kept',
  async (pieceBytes) => {
    const { stream, ws, messages, errors } = connect();
    await turn();
    const texts = ['a', 'b'].map((letter) => letter.repeat(maxMessageBytes));
    const bytes = Buffer.concat(texts.map(clientText));
    let most = 0;
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      stream.push(Buffer.from(bytes.subarray(at, at + pieceBytes)));
      most = Math.max(most, piecesOf(ws));
    }
    expect(errors).toEqual([]);
    expect(messages.map((text) => text.length)).toEqual([maxMessageBytes, maxMessageBytes]);
    expect(messages).toEqual(texts);
    expect(most).toBeGreaterThan(10);
    expect(most).toBeLessThan(maxPieces(maxMessageBytes));
    expect(piecesOf(ws)).toBe(0);
    ws.terminate();
  },
);

test('small messages are not copied: nothing is kept of them', async () => {
  const { stream, ws, messages } = connect();
  await turn();
  for (let n = 0; n < 1_000; n += 1) stream.push(clientText(String(n)));
  expect(messages).toHaveLength(1_000);
  expect(piecesOf(ws)).toBe(0);
  ws.terminate();
});

test('a message in many fragments, byte by byte, with pings in between, arrives whole', async () => {
  const { stream, ws, messages, errors } = connect();
  await turn();
  const part = 'x'.repeat(900);
  const frames = Array.from({ length: 64 }, (_, n) => [
    clientFrame((n === 63 ? 0x80 : 0) | (n === 0 ? 0x01 : 0x00), part),
    ...(n % 8 === 3 ? [clientFrame(0x89, 'ping')] : []),
  ]);
  for (const byte of Buffer.concat(frames.flat())) stream.push(Buffer.from([byte]));
  expect(errors).toEqual([]);
  expect(messages).toEqual([part.repeat(64)]);
  ws.terminate();
});
