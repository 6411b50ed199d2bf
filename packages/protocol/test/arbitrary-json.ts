/** Values for property tests. */
import * as fc from 'fast-check';
import type { Json } from '../src/json.ts';

/** Any text: ASCII, combining and astral characters, line breaks, and lone surrogates. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '+', '%zz', '&=;', 'a b', '😀', '\u{0}', '\r\n', '\u{2028}', '\ud800', 'x\udc00y', '*'),
);

export const anyKey: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'length',
    'type',
    'room',
    '0',
    '',
  ),
  anyText,
);

const scalar = fc.oneof(
  anyText,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);

/** JSON text is built by hand, since `{ __proto__: … }` and assignment would set a prototype and no key. */
const objectText = (entries: readonly (readonly [string, string])[]): string =>
  `{${entries.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`;

const { value: jsonText, object: jsonObjectText } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar.map((value) => JSON.stringify(value)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    tie('object'),
  ),
  object: fc.array(fc.tuple(anyKey, tie('value')), { maxLength: 4 }).map(objectText),
}));

/** Any value that JSON can carry, as `JSON.parse` gives it: keys such as `__proto__` are own keys. */
export const anyJson: fc.Arbitrary<Json> = jsonText.map((text) => JSON.parse(text) as Json);

export const anyJsonObject: fc.Arbitrary<Record<string, Json>> = jsonObjectText.map(
  (text) => JSON.parse(text) as Record<string, Json>,
);

/** An object with a string `type` and any other fields. */
export const anyTyped: fc.Arbitrary<{ type: string; [field: string]: Json }> = fc
  .tuple(anyText, anyJsonObject)
  .map(([type, fields]) => ({ ...fields, type }));
