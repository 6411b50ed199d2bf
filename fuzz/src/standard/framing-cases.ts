import {
  binary,
  continuation,
  echo,
  hello,
  inFragments,
  inFragmentsOf,
  messageOf,
  ping,
  pong,
  pongFrame,
  refused,
  type StandardCase,
  text,
} from './standard-case.ts';
import { encodeFrame } from '@wsbroker/testkit';

/* Sections 1 to 5 and 10: framing, pings and pongs, reserved bits, opcodes, fragments. */

const sizes = [125, 126, 127, 128, 65_535, 65_536, 65_536];

const framing: StandardCase[] = [
  { name: 'text', frame: text },
  { name: 'binary', frame: binary },
].flatMap(({ name, frame }, kind): StandardCase[] => [
  {
    id: `1.${kind + 1}.1`,
    title: `a ${name} of 0 bytes is no message`,
    frames: [frame('')],
    expected: [refused],
  },
  ...sizes.map((size, at): StandardCase => {
    const message = messageOf(size);
    const isChopped = at === sizes.length - 1;
    return {
      id: `1.${kind + 1}.${at + 2}`,
      title: `a ${name} of ${size} bytes is taken${isChopped ? ', in chops of 997' : ''}`,
      frames: [frame(message)],
      expected: [echo(message)],
      ...(isChopped ? { chop: 997 } : {}),
    };
  }),
]);

const bytes125 = Buffer.alloc(125, 0xfe);
const bytes7 = Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00]);
const tenPings = Array.from({ length: 10 }, (_, at) => `payload-${at}`);

const pings: StandardCase[] = [
  { id: '2.1', title: 'a ping without payload is answered', frames: [ping()], expected: [pong('')] },
  { id: '2.2', title: 'with a text', frames: [ping('Hello, world!')], expected: [pong('Hello, world!')] },
  { id: '2.3', title: 'with bytes that are no UTF-8', frames: [ping(bytes7)], expected: [pong(bytes7)] },
  { id: '2.4', title: 'with 125 bytes', frames: [ping(bytes125)], expected: [pong(bytes125)] },
  {
    id: '2.5',
    title: 'with 126 bytes it closes',
    frames: [ping(Buffer.alloc(126, 0xfe))],
    expected: [],
    closes: 1002,
  },
  {
    id: '2.6',
    title: 'with 125 bytes, octet by octet',
    frames: [ping(bytes125)],
    chop: 1,
    expected: [pong(bytes125)],
  },
  { id: '2.7', title: 'a pong that nobody asked for changes nothing', frames: [pongFrame()], expected: [] },
  { id: '2.8', title: 'with a payload neither', frames: [pongFrame('unsolicited')], expected: [] },
  {
    id: '2.9',
    title: 'such a pong and then a ping: the ping is answered',
    frames: [pongFrame('unsolicited'), ping('ping')],
    expected: [pong('ping')],
  },
  {
    id: '2.10',
    title: 'ten pings are answered in order',
    frames: tenPings.map((each) => ping(each)),
    expected: tenPings.map(pong),
  },
  {
    id: '2.11',
    title: 'the same, octet by octet',
    frames: tenPings.map((each) => ping(each)),
    chop: 1,
    expected: tenPings.map(pong),
  },
];

const afterText = (frame: Buffer): Buffer[] => [text(hello), frame, ping()];

const reservedBits: StandardCase[] = [
  {
    id: '3.1',
    title: 'a text with reserved bits 1 closes',
    frames: [text(hello, { reserved: 1 })],
    expected: [],
    closes: 1002,
  },
  {
    id: '3.2',
    title: 'a text, then one with bits 2',
    frames: afterText(text(hello, { reserved: 2 })),
    expected: [echo(hello)],
    closes: 1002,
  },
  {
    id: '3.3',
    title: 'with bits 3, frame by frame',
    frames: afterText(text(hello, { reserved: 3 })),
    chop: 'frames',
    expected: [echo(hello)],
    closes: 1002,
  },
  {
    id: '3.4',
    title: 'with bits 4, octet by octet',
    frames: afterText(text(hello, { reserved: 4 })),
    chop: 1,
    expected: [echo(hello)],
    closes: 1002,
  },
  {
    id: '3.5',
    title: 'a binary with bits 5',
    frames: [encodeFrame({ opcode: 2, payload: bytes7, reserved: 5 })],
    expected: [],
    closes: 1002,
  },
  {
    id: '3.6',
    title: 'a ping with bits 6',
    frames: [ping('x', { reserved: 6 })],
    expected: [],
    closes: 1002,
  },
  {
    id: '3.7',
    title: 'a close with bits 7',
    frames: [encodeFrame({ opcode: 8, reserved: 7 })],
    expected: [],
    closes: 1002,
  },
];

/** 3 to 7 are kept for data, 11 to 15 for control. */
const reservedOpcodes: StandardCase[] = [3, 11].flatMap((first, kind): StandardCase[] => {
  const id = (n: number): string => `4.${kind + 1}.${n}`;
  const title = (opcode: number): string => `opcode ${opcode}, which has no meaning, closes`;
  const frame = (opcode: number, payload = ''): Buffer => encodeFrame({ opcode, payload });
  return [
    { id: id(1), title: title(first), frames: [frame(first)], expected: [], closes: 1002 },
    { id: id(2), title: title(first + 1), frames: [frame(first + 1, 'x')], expected: [], closes: 1002 },
    {
      id: id(3),
      title: title(first + 2),
      frames: afterText(frame(first + 2)),
      expected: [echo(hello)],
      closes: 1002,
    },
    {
      id: id(4),
      title: title(first + 3),
      frames: afterText(frame(first + 3, 'x')),
      expected: [echo(hello)],
      closes: 1002,
    },
    {
      id: id(5),
      title: `${title(first + 4)}, octet by octet`,
      frames: afterText(frame(first + 4, 'x')),
      chop: 1,
      expected: [echo(hello)],
      closes: 1002,
    },
  ];
});

const half = '{"p":"Hello';
const other = ', world!"}';
const twoFragments = inFragments(half, other);
const [firstHalf = text('')] = twoFragments;
const withPing = [firstHalf, ping('ping'), ...twoFragments.slice(1)];
const chops = ['one', 'frames', 1] as const;
const chopTitles = ['in one write', 'frame by frame', 'octet by octet'];

const fragments: StandardCase[] = [
  {
    id: '5.1',
    title: 'a ping in two fragments closes',
    frames: [ping('a', { isLast: false }), continuation('b')],
    expected: [],
    closes: 1002,
  },
  {
    id: '5.2',
    title: 'a pong in two fragments closes',
    frames: [pongFrame('a', { isLast: false }), continuation('b')],
    expected: [],
    closes: 1002,
  },
  ...chops.map((chop, at): StandardCase => ({
    id: `5.${3 + at}`,
    title: `a text in two fragments is one message, ${chopTitles[at]}`,
    frames: twoFragments,
    chop,
    expected: [echo(hello)],
  })),
  ...chops.map((chop, at): StandardCase => ({
    id: `5.${6 + at}`,
    title: `with a ping in between, ${chopTitles[at]}`,
    frames: withPing,
    chop,
    expected: [pong('ping'), echo(hello)],
  })),
  ...[true, false].flatMap((isLast, kind) =>
    chops.map((chop, at): StandardCase => ({
      id: `5.${9 + 3 * kind + at}`,
      title: `a continuation of nothing (last: ${isLast}) closes, ${chopTitles[at]}`,
      frames: [continuation('non-continuation', { isLast }), text(hello)],
      chop,
      expected: [],
      closes: 1002,
    })),
  ),
  {
    id: '5.15',
    title: 'a text in two fragments, then a continuation of nothing',
    frames: [...twoFragments, continuation('x', { isLast: false }), text(hello)],
    expected: [echo(hello)],
    closes: 1002,
  },
  ...[false, true].map((isLast, at): StandardCase => {
    const once = [continuation('x', { isLast }), ...twoFragments];
    return {
      id: `5.${16 + at}`,
      title: `a continuation of nothing (last: ${isLast}), then fragments, twice`,
      frames: [...once, ...once],
      expected: [],
      closes: 1002,
    };
  }),
  {
    id: '5.18',
    title: 'a second text within a message closes',
    frames: [text(half, { isLast: false }), text(other)],
    expected: [],
    closes: 1002,
  },
  ...(['frames', 'one'] as const).map((chop, at): StandardCase => {
    const [a, b, c, d, e] = inFragments('{"p":"', 'frag', 'ment', 'ed', '"}');
    return {
      id: `5.${19 + at}`,
      title: `a text in five fragments with two pings in between, ${at === 0 ? 'frame by frame' : 'in one write'}`,
      frames: [a, b, ping('one'), c, d, ping('two'), e].filter((each) => each !== undefined),
      chop,
      expected: [pong('one'), pong('two'), echo('{"p":"fragmented"}')],
    };
  }),
];

const large = messageOf(65_536);
const misc: StandardCase[] = [
  {
    id: '10.1.1',
    title: 'a text of 65,536 bytes in frames of 1,300',
    frames: inFragmentsOf(large, 1_300),
    expected: [echo(large)],
  },
];

export const framingCases: readonly StandardCase[] = [
  ...framing,
  ...pings,
  ...reservedBits,
  ...reservedOpcodes,
  ...fragments,
  ...misc,
];
