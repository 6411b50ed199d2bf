import { once } from 'node:events';
import type { Socket } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import { messageFrame, openBareSocket, readFrames } from '../bare-socket.ts';
import { opcodes } from '@wsbroker/testkit';
import { clientFrame } from '../client-frame.ts';
import { add, type Facts } from '../facts.ts';

export interface BadMessagesParams {
  readonly port: number;
  /** How often each is sent, each time on a socket of its own that stays open. */
  readonly times: number;
}

const kibi = 1024;
const maxBytes = 64 * kibi;
const atOnce = 10;
const answerTimeoutMs = 10_000;

const texts = { first: { opcode: opcodes.text, isLast: false }, next: { opcode: 0, isLast: false } };
const fragments = (count: number, bytes: string): Buffer[] => [
  clientFrame('"', texts.first),
  ...Array.from({ length: count }, () => clientFrame(bytes, texts.next)),
];
const nested = (part: string): Buffer => clientFrame(part.repeat(Math.floor(maxBytes / part.length)));
const bomb = deflateRawSync(Buffer.alloc(32 * kibi * kibi, '['));
const typed = (rest: string): Buffer => clientFrame(`{"type":"deep","x":${rest}`);

/** What no honest client sends, and what may come of it: a close code, or an error that says why. */
export const badMessages: Readonly<Record<string, { frames: readonly Buffer[]; may: readonly string[] }>> = {
  'one byte too many': { frames: [clientFrame('x'.repeat(maxBytes + 1))], may: ['1009'] },
  'a claim of 2^62 bytes': { frames: [clientFrame('x', { claimedBytes: 2 ** 62 })], may: ['1009'] },
  '5,000 fragments of a byte': { frames: fragments(5_000, 'x'), may: ['1008', '1009'] },
  '5,000 empty fragments': { frames: fragments(5_000, ''), may: ['1008', '1009'] },
  'fragments of 4 KiB without an end': {
    frames: fragments(20, 'x'.repeat(4 * kibi)),
    may: ['1008', '1009'],
  },
  'a compressed frame': { frames: [clientFrame('{}', { isCompressed: true })], may: ['1002'] },
  'a compression bomb': { frames: [clientFrame(bomb, { isCompressed: true })], may: ['1002', '1009'] },
  '100,000 brackets': { frames: [clientFrame('['.repeat(100_000))], may: ['1009'] },
  '64 KiB of brackets': { frames: [nested('[')], may: ['bad-message', '1008'] },
  '64 KiB of {"a":': { frames: [nested('{"a":')], may: ['bad-message', '1008'] },
  'deep and whole': {
    frames: [typed(`${'['.repeat(30_000)}${']'.repeat(30_000)}}`)],
    may: ['bad-message', '1008'],
  },
};

/** The close code, or the code of the error that it was told. */
const outcomeOf = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.once('close', () => resolve('cut'));
    setTimeout(() => resolve('nothing'), answerTimeoutMs);
    readFrames(socket, ({ opcode, payload }) => {
      if (opcode === opcodes.close) resolve(String(payload.length < 2 ? 1005 : payload.readUInt16BE(0)));
      else if (opcode === opcodes.text) resolve((JSON.parse(payload.toString()) as { code: string }).code);
    });
  });

/** Sends all of them; counts `fine`, and what was otherwise by its name. Then it stays. */
export const sendBadly = async ({ port, times }: BadMessagesParams, facts: Facts): Promise<void> => {
  const count = (name: string): void => add(facts, name);
  const sendOne = async (name: string, frames: readonly Buffer[], may: readonly string[]): Promise<void> => {
    const opened = await openBareSocket({ port, extensions: 'permessage-deflate' });
    if (opened.kind !== 'taken') return count(`${name}: no socket`);
    const outcome = outcomeOf(opened.socket);
    for (const frame of frames) {
      if (!opened.socket.write(frame) && !opened.socket.destroyed) {
        await Promise.race([once(opened.socket, 'drain'), once(opened.socket, 'close')]);
      }
    }
    const came = await outcome;
    count(may.includes(came) ? 'fine' : `${name}: ${came}`);
    count('sent');
  };
  const left = Object.entries(badMessages).flatMap((entry) => Array.from({ length: times }, () => entry));
  const work = async (): Promise<void> => {
    for (let entry = left.pop(); entry; entry = left.pop()) {
      const [name, { frames, may }] = entry;
      await sendOne(name, frames, may);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  // Messages that never end: what has come of them is kept for as long as they may still go on.
  for (let n = 0; n < times; n += 1) {
    const opened = await openBareSocket({ port });
    if (opened.kind !== 'taken') continue;
    readFrames(opened.socket);
    opened.socket.write(messageFrame({ type: 'begun' }));
    for (const frame of fragments(3, 'x'.repeat(16 * kibi))) opened.socket.write(frame);
    count('unfinished');
  }
  facts['done'] = 1;
};
