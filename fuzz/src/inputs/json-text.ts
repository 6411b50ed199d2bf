import * as fc from 'fast-check';

/*
 * JSON as text, spelled in the ways that JSON allows and that no encoder would use: white space, escapes, numbers
 * that no double can hold, keys said twice, names of Object.prototype. Then some of it with a few characters wrong.
 */

const space = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.stringMatching(/^[ \t\r\n]{1,3}$/) },
);

const hex = (code: number): string => code.toString(16).padStart(4, '0');

/** A character of a string: as it is, or as one of its escapes. */
const character = fc.oneof(
  { weight: 12, arbitrary: fc.stringMatching(/^[ -!#-[\]-~]$/) },
  { weight: 2, arbitrary: fc.constantFrom('é', '😀', '\u2028', '\u00a0', '\ufeff', '\u007f') },
  { weight: 2, arbitrary: fc.constantFrom('\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t') },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((code) => `\\u${hex(code)}`) },
  { weight: 1, arbitrary: fc.constantFrom('\\ud800', '\\udc00\\ud800', '\\u0000', '\\u0022') },
);

const stringText = fc.array(character, { maxLength: 12 }).map((parts) => `"${parts.join('')}"`);

/** A name, with some characters escaped. */
const spelled = (name: string): fc.Arbitrary<string> =>
  fc.array(fc.nat({ max: 5 }), { minLength: name.length, maxLength: name.length }).map(
    (rolls) =>
      `"${name
        .split('')
        .map((each, at) => (rolls[at] === 0 ? `\\u${hex(each.charCodeAt(0))}` : each))
        .join('')}"`,
  );

const keyText = fc.oneof(
  { weight: 4, arbitrary: stringText },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(
        ...[
          'a',
          'b',
          'c',
          '0',
          '1',
          'type',
          'Type',
          'TYPE',
          'connection',
          'message',
          'toJSON',
          'then',
          'length',
        ],
        ...[
          '__proto__',
          'constructor',
          'prototype',
          'hasOwnProperty',
          '__defineGetter__',
          'valueOf',
          'polluted',
        ],
      )
      .chain(spelled),
  },
);

const numberText = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom(...['-0', '0.0', '1e0', '1E+2', '1e400', '-1e400', '5e-324', '1e-400', '9007199254740993']),
  fc.constantFrom('0.1000', '123456789012345678901234567890.5', '1.0', '100E-2'),
);

/** Any JSON value, as text. */
export const jsonValueText: fc.Arbitrary<string> = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'json' },
    { weight: 3, arbitrary: fc.oneof(fc.constantFrom('null', 'true', 'false'), numberText, stringText) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.tuple(space, tie('value'), space), { maxLength: 4, depthIdentifier: 'json' })
        .map((items) => `[${items.map((parts) => parts.join('')).join(',')}]`),
    },
    { weight: 2, arbitrary: tie('object') },
  ),
  object: fc
    .array(fc.tuple(space, keyText, space, fc.constant(':'), space, tie('value'), space), {
      maxLength: 4,
      depthIdentifier: 'json',
    })
    .map((fields) => `{${fields.map((parts) => parts.join('')).join(',')}}`),
})).value;

const typeText = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[A-Za-z0-9._:-]{1,12}$/).map((name) => `"${name}"`) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        'client-',
        'client-x',
        'session-connect',
        'session-disconnect',
        'message',
        '__proto__',
        'open',
      )
      .chain(spelled),
  },
  { weight: 2, arbitrary: jsonValueText },
  {
    weight: 1,
    arbitrary: fc.constantFrom('""', `"${'x'.repeat(64)}"`, `"${'x'.repeat(65)}"`, '"a b"', '"é"'),
  },
);

const typeKey = fc.oneof(
  { weight: 10, arbitrary: fc.constant('"type"') },
  { weight: 3, arbitrary: spelled('type') },
  { weight: 1, arbitrary: fc.constantFrom('"Type"', '"TYPE"', '"type "', '"t\\u0079pe"') },
);

const field = fc.tuple(space, keyText, space, fc.constant(':'), space, jsonValueText, space);
const typeField = fc.tuple(space, typeKey, space, fc.constant(':'), space, typeText, space);

/** What a client's message looks like: an object with a type somewhere, or two, or none. */
export const messageText: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(field, { maxLength: 3 }),
    fc.oneof(
      { weight: 8, arbitrary: fc.tuple(typeField) },
      { weight: 1, arbitrary: fc.tuple(typeField, typeField) },
      { weight: 1, arbitrary: fc.constant([] as string[][]) },
    ),
    fc.array(field, { maxLength: 3 }),
    space,
  )
  .map(
    ([before, types, after, end]) =>
      `${end}{${[...before, ...types, ...after].map((parts) => parts.join('')).join(',')}}${end}`,
  );

/** Nested about as deep as is allowed, and much deeper. */
export const deepText: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(1, 30, 60, 61, 62, 63, 64, 65, 66, 100, 1_000, 3_000),
    fc.constantFrom(['[', ']'], ['{"a":', '}'], ['{"__proto__":', '}'], ['[{"b":1,"a":[', ']}]']),
    fc.boolean(),
  )
  .map(([depth, [open = '', close = ''], isClosed]) => {
    const nested = `${open.repeat(depth)}1${isClosed ? close.repeat(depth) : ''}`;
    return `{"type":"deep","a":${nested}}`;
  });

type Change = readonly [
  place: number,
  kind: 'drop' | 'insert' | 'replace' | 'repeat' | 'cut',
  character: string,
];

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom('drop', 'insert', 'replace', 'repeat', 'cut'),
  fc.constantFrom(...'{}[]",:\\u0e-+.tfn \u0000\u001f\u2028é'.split('')),
);

const changed = (text: string, [place, kind, each]: Change): string => {
  const at = Math.floor(place * text.length);
  switch (kind) {
    case 'drop':
      return text.slice(0, at) + text.slice(at + 1);
    case 'insert':
      return text.slice(0, at) + each + text.slice(at);
    case 'replace':
      return text.slice(0, at) + each + text.slice(at + 1);
    case 'repeat':
      return text.slice(0, at) + text.slice(Math.max(0, at - 8));
    case 'cut':
      return text.slice(0, at);
  }
};

/** A text with a few characters wrong. */
export const mutated = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(text, fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([sound, changes]) => changes.reduce(changed, sound));
