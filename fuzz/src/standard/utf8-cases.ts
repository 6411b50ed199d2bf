import { echo, inFragments, inFragmentsOf, refused, type StandardCase, text } from './standard-case.ts';

/* Section 6. The octets of a case stand within a JSON text, since other messages are refused. */

const around = (octets: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from('{"p":"'), octets, Buffer.from('"}')]);
const hex = (octets: string): Buffer => Buffer.from(octets, 'hex');

const greek = hex('cebae1bdb9cf83cebcceb5');
const greeting = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!');
const surrogate = hex('eda080');
const edited = Buffer.from('edited');
const broken = around(Buffer.concat([greek, surrogate, edited]));
const beyond = hex('f4908080');

const valid = (id: string, title: string, octets: Uint8Array): StandardCase => {
  const payload = around(octets);
  // JSON forbids control characters in a string, whatever UTF-8 says of them.
  const isMessage = octets.every((octet) => octet >= 0x20);
  return { id, title, frames: [text(payload)], expected: [isMessage ? echo(payload.toString()) : refused] };
};

const invalid = (id: string, title: string, octets: Uint8Array): StandardCase => ({
  id,
  title,
  frames: [text(around(octets))],
  expected: [],
  closes: 1007,
});

const whole: StandardCase[] = [
  { id: '6.1.1', title: 'an empty text is no message', frames: [text('')], expected: [refused] },
  {
    id: '6.1.2',
    title: 'in three empty fragments neither',
    frames: inFragments('', '', ''),
    expected: [refused],
  },
  {
    id: '6.1.3',
    title: 'an empty first and last fragment',
    frames: inFragments('', '{"p":1}', ''),
    expected: [echo('{"p":1}')],
  },
  valid('6.2.1', 'valid UTF-8 in one frame', greeting),
  {
    id: '6.2.2',
    title: 'valid UTF-8 in two, cut between characters',
    frames: inFragments('{"p":"Hello-µ@ßöä', 'üàá-UTF-8!!"}'),
    expected: [echo(around(greeting).toString())],
  },
  ...[greeting, greek].map((octets, at): StandardCase => ({
    id: `6.2.${3 + at}`,
    title: 'valid UTF-8, an octet a frame: cut within characters',
    frames: inFragmentsOf(around(octets), 1),
    expected: [echo(around(octets).toString())],
  })),
  {
    id: '6.3.1',
    title: 'invalid UTF-8 in one frame closes',
    frames: [text(broken)],
    expected: [],
    closes: 1007,
  },
  {
    id: '6.3.2',
    title: 'invalid UTF-8, an octet a frame, closes',
    frames: inFragmentsOf(broken, 1),
    expected: [],
    closes: 1007,
  },
];

/** The suite would have them closed at the first wrong octet; the broker looks at whole messages. */
const failFast: StandardCase[] = [
  {
    parts: [around(greek).subarray(0, -2), Buffer.concat([beyond, edited]), Buffer.from('"}')],
    isFramed: true,
  },
  {
    parts: [
      around(greek).subarray(0, -2),
      beyond.subarray(0, 2),
      Buffer.concat([beyond.subarray(2), Buffer.from('"}')]),
    ],
    isFramed: true,
  },
  {
    parts: [around(greek).subarray(0, -2), Buffer.concat([beyond, edited]), Buffer.from('"}')],
    isFramed: false,
  },
  {
    parts: [
      around(greek).subarray(0, -2),
      beyond.subarray(0, 2),
      Buffer.concat([beyond.subarray(2), Buffer.from('"}')]),
    ],
    isFramed: false,
  },
].map(({ parts, isFramed }, at): StandardCase => ({
  id: `6.4.${at + 1}`,
  title: `invalid UTF-8 in three ${isFramed ? 'frames' : 'chops of a frame'} closes, at the latest when the message is whole`,
  frames: isFramed ? inFragments(...parts) : [text(Buffer.concat(parts))],
  chop: isFramed ? 'frames' : 20,
  expected: [],
  closes: 1007,
}));

const codePoint = (code: number): string => Buffer.from(String.fromCodePoint(code)).toString('hex');
const each = (first: number, last: number, after = ''): string =>
  Array.from({ length: last - first + 1 }, (_, at) => (first + at).toString(16) + after).join('');

const incomplete = [
  'c0',
  'e080',
  'f08080',
  'f8808080',
  'fc80808080',
  'df',
  'efbf',
  'f7bfbf',
  'fbbfbfbf',
  'fdbfbfbfbf',
];
const planes = Array.from({ length: 17 }, (_, plane) => plane * 0x1_0000);

const tables: readonly (readonly [
  section: string,
  title: string,
  isValid: boolean,
  octets: readonly string[],
])[] = [
  [
    '6.5',
    'valid text',
    true,
    [
      '68656c6c6f24776f726c64',
      '68656c6c6fc2a2776f726c64',
      '68656c6c6fe282ac776f726c64',
      '68656c6c6ff0a4ada2776f726c64',
      'cebae1bdb9cf83cebcceb5',
    ],
  ],
  ['6.7', 'the first sequence of its length', true, ['00', 'c280', 'e0a080', 'f0908080']],
  ['6.8', 'a sequence of five or six octets', false, ['f888808080', 'fc8480808080']],
  ['6.9', 'the last sequence of its length', true, ['7f', 'dfbf', 'efbfbf', 'f48fbfbf']],
  ['6.10', 'past the last code point', false, ['f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf']],
  ['6.11', 'beside a boundary', true, ['ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf']],
  [
    '6.12',
    'a continuation that nothing begins',
    false,
    ['80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf', each(0x80, 0xbf)],
  ],
  [
    '6.13',
    'beginnings that nothing continues',
    false,
    [
      each(0xc0, 0xdf, '20'),
      each(0xe0, 0xef, '20'),
      each(0xf0, 0xf7, '20'),
      each(0xf8, 0xfb, '20'),
      each(0xfc, 0xfd, '20'),
    ],
  ],
  ['6.14', 'a sequence without its last octet', false, incomplete],
  ['6.15', 'all of them together', false, [incomplete.join('')]],
  ['6.16', 'an octet that never occurs', false, ['fe', 'ff', 'fefeffff']],
  ['6.17', 'an overlong slash', false, ['c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af']],
  [
    '6.18',
    'the longest overlong sequence',
    false,
    ['c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf'],
  ],
  ['6.19', 'an overlong NUL', false, ['c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080']],
  [
    '6.20',
    'half of a surrogate pair',
    false,
    ['eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf'],
  ],
  [
    '6.21',
    'a surrogate pair',
    false,
    ['eda080', 'edadbf', 'edae80', 'edafbf'].flatMap((high) => ['edb080', 'edbfbf'].map((low) => high + low)),
  ],
  [
    '6.22',
    'a code point that is no character',
    true,
    planes.flatMap((plane) => [codePoint(plane + 0xfffe), codePoint(plane + 0xffff)]),
  ],
  [
    '6.23',
    'a special code point',
    true,
    [0xfff9, 0xfffa, 0xfffb, 0xfffc, 0xfffd, 0xfffe, 0xffff].map(codePoint),
  ],
];

/** Where its characters end, counted in octets. */
const ends = new Set([2, 5, 7, 9, 11]);
const prefixes = Array.from({ length: 11 }, (_, at): StandardCase => {
  const octets = greek.subarray(0, at + 1);
  const id = `6.6.${at + 1}`;
  const title = `the first ${at + 1} octets of κόσμε`;
  return ends.has(at + 1) ? valid(id, title, octets) : invalid(id, title, octets);
});

export const utf8Cases: readonly StandardCase[] = [
  ...whole,
  ...failFast,
  ...prefixes,
  ...tables.flatMap(([section, title, isValid, octets]) =>
    octets.map((sequence, at) =>
      (isValid ? valid : invalid)(
        `${section}.${at + 1}`,
        `${title}: ${sequence.slice(0, 20)}`,
        hex(sequence),
      ),
    ),
  ),
  invalid('6.11.5', 'beside a boundary: f4908080', beyond),
];
