import * as fc from 'fast-check';
import { isUtf8 } from 'node:buffer';
import { CaseEvents } from '../case-events.ts';
import { opcodes, textFrame } from '@wsbroker/testkit';
import { FramesModel, type Reading } from '../frames-model.ts';
import { cuts, frameBytes, inChunks } from '../inputs/frame-bytes.ts';
import { defineProperty } from '../property.ts';
import type { RawEvent } from '../raw-backend.ts';
import { openWebSocket, type Wire } from '../wire.ts';

const limits = { maxMessageBytes: 2_000, maxFragments: 64 };

const text = fc.oneof(
  { weight: 6, arbitrary: fc.nat().map((n) => `{"type":"m","n":${n}}`) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom('{}', '[]', '["ping"]', '["open",{}]', '["ack",0]', 'null', '') },
);

interface FramesInput {
  readonly isV1: boolean;
  readonly bytes: Buffer;
  readonly cuts: readonly number[];
}

/** A message that is an object of ours, and so becomes an event. */
const isGood = (payload: Buffer): boolean => /^\s*\{("type":"m"(,"n":\d+)?)?\}\s*$/.test(payload.toString());

const isListLike = (payload: Buffer): boolean => isUtf8(payload) && payload.toString().startsWith('[');

const inTurns = async (wire: Wire, chunks: readonly Buffer[]): Promise<void> => {
  for (const chunk of chunks) {
    wire.write(chunk);
    await new Promise(setImmediate);
  }
  wire.end();
  await wire.ended();
};

const isSubsequence = (some: readonly string[], all: readonly string[]): boolean => {
  let at = 0;
  for (const each of all) if (each === some[at]) at += 1;
  return at === some.length;
};

/** The close code, the pongs: what WebSocket itself asks for, whatever is in the messages. */
const checkAnswers = (wire: Wire, { pings, closeCodes }: Reading): void => {
  const { closeCode, frames } = wire.server;
  if (closeCodes.length > 0 && closeCode !== undefined && !closeCodes.includes(closeCode)) {
    throw new Error(`closed with ${closeCode}: expected ${closeCodes.join(' or ')}`);
  }
  if (closeCodes.length > 0 && closeCode === undefined)
    throw new Error(`expected a close with ${closeCodes.join(' or ')}`);
  if (closeCodes.length === 0 && closeCode !== undefined)
    throw new Error(`closed with ${closeCode}: nothing was wrong`);
  const pongs = frames
    .filter(({ opcode }) => opcode === opcodes.pong)
    .map(({ payload }) => payload.toString('hex'));
  const expected = pings.map((payload) => payload.toString('hex'));
  // Of pings that arrive together the last alone may be answered (section 5.5.3).
  const isInOrder = isSubsequence(pongs, expected);
  if (!isInOrder || pongs.at(-1) !== expected.at(-1)) {
    throw new Error(`pongs ${pongs.join()}: expected those of ${expected.join()}, the last at least`);
  }
};

const eventTextsOf = (events: readonly RawEvent[]): string[] =>
  events.filter(({ type }) => type.startsWith('client-')).map((event) => event.text.trim());

const eventTextOf = (payload: Buffer): string => {
  const trimmed = payload.toString().trim();
  return trimmed === '{}' ? '{"type":"client-message"}' : trimmed.replace('"m"', '"client-m"');
};

const checkPlain = (wire: Wire, events: readonly RawEvent[], reading: Reading): void => {
  checkAnswers(wire, reading);
  const good = reading.messages
    .filter(({ payload }) => isGood(payload))
    .map(({ payload }) => eventTextOf(payload));
  const seen = eventTextsOf(events);
  if (JSON.stringify(seen) !== JSON.stringify(good)) {
    throw new Error(`the backend got ${JSON.stringify(seen)}: expected ${JSON.stringify(good)}`);
  }
  const refusals = wire.server.texts.length;
  if (refusals !== reading.messages.length - good.length) {
    throw new Error(`${refusals} messages were refused: expected ${reading.messages.length - good.length}`);
  }
};

/** What lists do is the matter of another property: here they may end the connection, and nothing before is lost. */
const checkV1 = (wire: Wire, events: readonly RawEvent[], reading: Reading): void => {
  const isPlain = !reading.messages.some(({ payload }) => isListLike(payload));
  if (isPlain) checkAnswers(wire, reading);
  const firstList = reading.messages.findIndex(({ payload }) => isListLike(payload));
  const sure = isPlain ? reading.messages : reading.messages.slice(0, firstList);
  const good = reading.messages
    .filter(({ payload }) => isGood(payload))
    .map(({ payload }) => eventTextOf(payload));
  const atLeast = sure.filter(({ payload }) => isGood(payload)).length;
  const seen = eventTextsOf(events);
  const isPrefix = seen.every((each, at) => each === good[at]);
  if (!isPrefix || seen.length < atLeast) {
    throw new Error(
      `the backend got ${JSON.stringify(seen)}: expected ${JSON.stringify(good)}, at least ${atLeast}`,
    );
  }
};

export const frames = defineProperty<FramesInput>({
  name: 'frames',
  title: 'frames of all sorts are read as the standard says: each whole message once, the first fault closes',
  cases: { full: 14_000, short: 500 },
  options: { ...limits, resumeGraceMs: 0 },
  input: fc.record({ isV1: fc.boolean(), bytes: frameBytes({ text, ...limits }), cuts }),
  begin: async ({ broker, backend }) => {
    let number = 0;
    const events = new CaseEvents(backend, ({ connection }) => connection['case'] === String(number));
    return {
      async check({ isV1, bytes, cuts: places }) {
        number += 1;
        events.clear();
        const handshake = {
          headers: [`Cookie: case=${number}`],
          ...(isV1 ? { protocol: 'wsbroker.v1' } : {}),
        };
        using wire = await openWebSocket(broker.port, handshake);
        if (isV1) wire.write(textFrame('["open",{}]'));
        await inTurns(wire, inChunks(bytes, places));
        const all = await events.until('session-disconnect');
        if (backend.problem !== undefined) throw new Error(`the backend was sent ${backend.problem}`);
        const reading = FramesModel.read(bytes, limits);
        (isV1 ? checkV1 : checkPlain)(wire, all, reading);
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});
