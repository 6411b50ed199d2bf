import * as fc from 'fast-check';

/*
 * Texts of JSON as anybody may write them: white space anywhere, characters escaped at will, keys twice, keys that
 * look like those that matter, numbers that JavaScript cannot hold.
 */

const space = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.stringMatching(/^[ \t\n\r]{0,3}$/) },
);

const hex = (unit: string, isUpper: boolean): string => {
  const digits = unit.charCodeAt(0).toString(16).padStart(4, '0');
  return `\\u${isUpper ? digits.toUpperCase() : digits}`;
};

/** A UTF-16 unit as it may be written. */
const written = (unit: string, how: number): string => {
  if (how === 0 || how === 1) return hex(unit, how === 1);
  if (how === 2 && unit === '/') return '\\/';
  // Half of a pair cannot be written as it is: a client's text is UTF-8.
  return /[\ud800-\udfff]/.test(unit) ? hex(unit, false) : JSON.stringify(unit).slice(1, -1);
};

/** A JSON text of these characters, with its quotes. */
const quoted = (characters: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(characters, fc.array(fc.nat(9), { size: 'small' })).map(([text, hows]) => {
    // A pair that is not escaped has to stay together.
    const isWhole = hows.length === 0;
    const units = isWhole ? Array.from(text) : text.split('');
    const body = units.map((unit, at) =>
      isWhole && unit.length === 2 ? unit : written(unit, hows[at % Math.max(1, hows.length)] ?? 9),
    );
    return `"${body.join('')}"`;
  });

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '',
    '"',
    '\\',
    '\\\\"',
    '{"type":"x"}',
    '__proto__',
    'type',
    'type":',
    '\ud83d',
    'a\ude00',
    '😀',
  ),
);

const keyText = fc.oneof(
  fc.constantFrom(
    'type',
    'Type',
    'TYPE',
    'tYpe',
    'typ',
    'types',
    'tyype',
    '__proto__',
    '__PROTO__',
    '__proto_',
    'constructor',
  ),
  fc.constantFrom('type', '__proto__', 'a', 'b', ''),
  anyText,
);

const typeText = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9._:-]{1,10}$/),
  fc.constantFrom('hello', 'client-hello', 'client-', 'client', 'session-connect', '', 'a b', 'x'.repeat(65)),
);

const number = fc.constantFrom(
  '0',
  '-0',
  '1',
  '0.1000',
  '12345678901234567890',
  '1e400',
  '-1E+2',
  '0.30000000000000004',
  '1e-999',
);

const leaf = fc.oneof(number, fc.constantFrom('null', 'true', 'false'), quoted(anyText));

const listOf = (item: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(space, item, space), { maxLength: 3 })
    .chain((items) =>
      space.map((inside) => `[${items.length === 0 ? inside : items.map((one) => one.join('')).join()}]`),
    );

const objectOf = (key: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(fc.tuple(space, key, space, space, value, space), { maxLength: 4 }).chain((entries) =>
    space.map((inside) => {
      const all = entries.map(([a, name, b, c, json, d]) => `${a}${name}${b}:${c}${json}${d}`);
      return `{${all.length === 0 ? inside : all.join()}}`;
    }),
  );

const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    listOf(tie('json')),
    objectOf(quoted(keyText), tie('json')),
  ),
}));

/** Any JSON text. */
export const arbitraryJson = fc.tuple(space, json, space).map((parts) => parts.join(''));

/** A text that is an object, most often one that could be a message. */
export const arbitraryMessageText = fc
  .tuple(
    space,
    objectOf(
      fc.oneof(
        { weight: 1, arbitrary: quoted(fc.constant('type')) },
        { weight: 4, arbitrary: quoted(keyText) },
      ),
      fc.oneof({ weight: 2, arbitrary: quoted(typeText) }, { weight: 1, arbitrary: json }),
    ),
    space,
  )
  .map((parts) => parts.join(''));

/** A message that is taken: one type at most, and no key that looks like it. */
export const arbitraryTakenText = fc
  .tuple(
    space,
    fc.option(quoted(fc.stringMatching(/^[A-Za-z0-9._:-]{1,10}$/))),
    fc.array(fc.tuple(space, quoted(fc.constantFrom('a', 'b', 'tYpes', 'constructor', '😀', 'typ')), json), {
      maxLength: 4,
    }),
    fc.nat(4),
    space,
  )
  .map(([before, type, fields, at, after]) => {
    const entries = fields.map(([gap, key, value]) => `${gap}${key}${gap}:${value}`);
    if (type !== null)
      entries.splice(at % (entries.length + 1), 0, `${after}"type"${after}:${before}${type}`);
    return `${before}{${entries.length === 0 ? after : entries.join()}}${after}`;
  });
