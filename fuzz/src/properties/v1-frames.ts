import { upFrameSchema } from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { opcodes, textFrame } from '@wsbroker/testkit';
import { jsonValueText, mutated } from '../inputs/json-text.ts';
import { parsed } from '../parsed.ts';
import { defineProperty } from '../property.ts';
import { openWebSocket, type Wire } from '../wire.ts';
import { weighted } from '../inputs/weighted.ts';

const subprotocol = 'wsbroker.v1';
const protocolError = 4501;
/** More than a case is ever sent. */
const manyFrames = 1_000;

const numberText = fc.constantFrom(
  ...[
    '0',
    '-1',
    '1.5',
    '-0',
    '1e3',
    '1e400',
    '9007199254740991',
    '9007199254740992',
    '"1"',
    'null',
    '[]',
    '{}',
  ],
);
const messageText = fc.nat({ max: 9 }).map((n) => `{"type":"m","n":${n}}`);
const badMessageText = fc.constantFrom(
  '{"type":1}',
  '{"type":""}',
  '{',
  '"x"',
  '1',
  '',
  '{"type":"a","type":"b"}',
);
/** `TOKEN` stands for the token of a connection that was there a moment ago. */
const tokenText = fc.oneof(
  fc.constantFrom(
    '"TOKEN"',
    '"TOKEN"',
    '""',
    '"x"',
    '1',
    'null',
    '["TOKEN"]',
    '"TOKENx"',
    `"${'x'.repeat(128)}"`,
    `"${'x'.repeat(129)}"`,
  ),
  fc.string({ maxLength: 40 }).map((text) => JSON.stringify(text)),
);
const openText = fc.oneof(
  weighted(4, fc.constant('["open",{}]')),
  weighted(
    3,
    fc
      .tuple(tokenText, numberText)
      .map(([token, received]) => `["open",{"token":${token},"received":${received}}]`),
  ),
  weighted(
    2,
    tokenText.map((token) => `["open",{"token":${token}}]`),
  ),
  weighted(
    1,
    fc.constantFrom(
      '["open"]',
      '["open",[]]',
      '["open",{},1]',
      '["open",{"x":1}]',
      '["open",null]',
      '["open",{"__proto__":{"token":"TOKEN"}}]',
    ),
  ),
);

const laterText = fc.oneof(
  weighted(8, messageText),
  weighted(2, badMessageText),
  weighted(
    5,
    fc.tuple(fc.nat({ max: 3 }), messageText).map(([id, text]) => `["request",${id},${text}]`),
  ),
  weighted(
    1,
    fc
      .tuple(numberText, fc.oneof(messageText, jsonValueText))
      .map(([id, text]) => `["request",${id},${text}]`),
  ),
  weighted(2, fc.constantFrom('["ping"]', '["pong"]')),
  weighted(2, fc.constant('["ack",0]')),
  weighted(
    1,
    numberText.map((n) => `["ack",${n}]`),
  ),
  weighted(
    1,
    fc.constantFrom(
      `["ack",${manyFrames}]`,
      '["ack"]',
      '["ack",0,0]',
      '["ping",1]',
      '["nack",1]',
      '[]',
      '[[]]',
      '["opened",{}]',
      '["delivered",1]',
      '["reply",1,{}]',
      '["__proto__"]',
      '["constructor",1]',
    ),
  ),
  weighted(1, openText),
  weighted(1, mutated(fc.constantFrom('["ack",0]', '["request",1,{"type":"m"}]', '["ping"]'))),
);

interface V1Input {
  readonly first: string;
  readonly later: readonly string[];
}

/** Whether a list may stand after `opened`. A request with a message that cannot be taken is refused, no more. */
const isLaterFrame = (text: string): boolean => {
  const json = parsed(text);
  if (!Array.isArray(json)) return false;
  const [kind, n] = json as unknown[];
  if (kind === 'request') return upFrameSchema.safeParse(['request', n, {}]).success && json.length === 3;
  if (kind === 'ack') return upFrameSchema.safeParse(json).success && n === 0;
  return kind !== 'open' && upFrameSchema.safeParse(json).success;
};

/** A frame: the list, by its first word. */
type Down = readonly [kind: string, ...rest: unknown[]];

const downOf = (wire: Wire): Down[] => wire.server.texts.filter((text): text is Down => Array.isArray(text));

const openedOf = (wire: Wire): { received: number; resumed: boolean; token: string } | undefined =>
  downOf(wire).find(([kind]) => kind === 'opened')?.[1] as
    { received: number; resumed: boolean; token: string } | undefined;

const highest = (frames: readonly Down[], kinds: readonly string[]): number =>
  frames.filter(([kind]) => kinds.includes(kind)).reduce((most, [, n]) => Math.max(most, n as number), 0);

/** Ends the case: the broker has said all that it has to say of these messages, or has closed. */
const settled = async (wire: Wire, counted: number, requests: number): Promise<void> => {
  await wire.until('an end of what was sent', () => {
    if (wire.server.closeCode !== undefined) return true;
    const frames = downOf(wire);
    const isTaken = highest(frames, ['ack', 'delivered', 'failed']) >= counted;
    const answers = frames.filter(([kind]) => kind === 'reply' || kind === 'failed').length;
    return isTaken && answers >= requests ? true : undefined;
  });
};

const checkFrames = (wire: Wire, { counted, requests, bad }: Counts): void => {
  const frames = downOf(wire);
  const opened = openedOf(wire);
  const base = opened?.received ?? 0;
  const most = highest(frames, ['ack', 'delivered', 'failed']);
  if (most > base + counted) throw new Error(`${most} messages were taken: there were ${base + counted}`);
  // What was said before is said again.
  if (opened?.resumed) return;
  const replies = frames.filter(([kind]) => kind === 'reply').length;
  const failures = frames.filter(([kind]) => kind === 'failed').length;
  if (replies > requests) throw new Error(`${replies} replies to ${requests} requests`);
  if (failures > bad) throw new Error(`${failures} failures: ${bad} messages could not be taken`);
};

interface Counts {
  readonly counted: number;
  readonly requests: number;
  readonly bad: number;
}

const isGood = (text: string): boolean => /^\{"type":"m","n":\d\}$/.test(text);

/** What is to be counted of the texts, up to the first that has to close. */
const countsOf = (texts: readonly string[]): Counts & { readonly closes: boolean } => {
  const end = texts.findIndex((text) => text.startsWith('[') && !isLaterFrame(text));
  const read = end < 0 ? texts : texts.slice(0, end);
  const requests = read.filter((text) => text.startsWith('["request"'));
  const isGoodRequest = (text: string): boolean => isGood(JSON.stringify((JSON.parse(text) as unknown[])[2]));
  const goodRequests = requests.filter(isGoodRequest).length;
  const messages = read.filter((text) => !text.startsWith('['));
  return {
    counted: messages.length + requests.length,
    requests: goodRequests,
    bad: messages.filter((text) => !isGood(text)).length + requests.length - goodRequests,
    closes: end >= 0,
  };
};

export const v1Frames = defineProperty<V1Input>({
  name: 'v1-frames',
  title:
    'frames of wsbroker.v1 in any order: each message is accounted for, and what is no frame closes with 4501',
  cases: { full: 10_000, short: 400 },
  // So long as a case: a token of the one before may still be good.
  options: { resumeGraceMs: 200 },
  input: fc.record({
    first: fc.oneof(weighted(10, openText), weighted(1, laterText)),
    later: fc.array(laterText, { maxLength: 10 }),
  }),
  begin: async ({ broker, backend }) => {
    let token = 'none';
    backend.onEvent = ({ type }) =>
      type === 'client-m' ? [{ type: 'reply', message: { type: 'answer' } }] : undefined;
    return {
      async check({ first, later }) {
        using wire = await openWebSocket(broker.port, {
          protocol: subprotocol,
          headers: ['Cookie: case=v1'],
        });
        const say = (text: string): Buffer => textFrame(text.replaceAll('TOKEN', token).toWellFormed());
        const json = parsed(first.replaceAll('TOKEN', token));
        const isOpen = upFrameSchema.safeParse(json).success && (json as string[])[0] === 'open';
        wire.write(say(first));
        const counts = countsOf(later.map((text) => text.toWellFormed()));
        if (!isOpen) {
          await wire.until('a close frame', () => wire.server.closeCode);
          if (wire.server.closeCode !== protocolError)
            throw new Error(`closed with ${wire.server.closeCode}`);
          if (openedOf(wire)) throw new Error('opened by what is no `open`');
          return;
        }
        const opened = await wire.until(
          '`opened`',
          () => openedOf(wire) ?? (wire.server.closeCode === undefined ? undefined : null),
        );
        if (opened === null) throw new Error(`closed with ${wire.server.closeCode} instead of opening`);
        ({ token } = opened);
        // Nothing may come before `opened`.
        wire.write(Buffer.concat(later.map(say)));
        if (counts.closes) await wire.until('a close frame', () => wire.server.closeCode);
        else await settled(wire, opened.received + counts.counted, counts.requests);
        const { closeCode } = wire.server;
        if (closeCode !== (counts.closes ? protocolError : undefined))
          throw new Error(`closed with ${closeCode}`);
        if (!counts.closes) checkFrames(wire, counts);
        if (wire.server.frames.some(({ opcode }) => opcode === opcodes.binary))
          throw new Error('a binary frame');
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});
