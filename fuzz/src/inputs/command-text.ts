import * as fc from 'fast-check';
import { deepText, jsonValueText, mutated } from './json-text.ts';
import { weighted } from './weighted.ts';

/* Lists of commands as JSON text: right ones, wrong ones, and what is none. */

const names = [
  ...['room', 'who', 'ip', 'wskey', 'list', 'a', '0', 'Room'],
  ...['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'toJSON', 'then', 'polluted'],
];
const nameText = fc.oneof(
  fc.constantFrom(...names).map((name) => JSON.stringify(name)),
  fc.string({ maxLength: 5 }).map((name) => JSON.stringify(name)),
);

const scalarText = fc.oneof(
  fc.constantFrom(
    '"*"',
    '"fuzz"',
    '"FUZZ"',
    '"lobby"',
    'null',
    'true',
    '0',
    '1e400',
    '12345678901234567890',
    '""',
  ),
  fc.string({ maxLength: 6 }).map((text) => JSON.stringify(text)),
);

const listOf = (item: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(item, { maxLength: 4 }).map((items) => `[${items.join()}]`);

const objectOf = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(nameText, value), { maxLength: 4 })
    .map((fields) => `{${fields.map((parts) => parts.join(':')).join()}}`);

const criteriaText = fc.oneof(
  weighted(6, objectOf(fc.oneof(scalarText, listOf(scalarText)))),
  weighted(1, jsonValueText),
  weighted(1, fc.constantFrom('[]', '{}')),
);

const fieldsText = fc.oneof(
  weighted(6, objectOf(fc.oneof(scalarText, listOf(scalarText), jsonValueText))),
  weighted(1, jsonValueText),
);

const countText = fc.constantFrom(
  '0',
  '1',
  '-1',
  '1.5',
  '1e9',
  '1e400',
  '9007199254740993',
  '"1"',
  'null',
  '3000',
  '4999',
  '1000',
  '1005',
);

const typeText = fc.oneof(
  weighted(
    12,
    fc.constantFrom('"close"', '"list"', '"log"', '"send"', '"session"', '"reply"', '"list"', '"send"'),
  ),
  weighted(1, fc.constantFrom('"CLOSE"', '"__proto__"', '"constructor"', '"toString"', '""', '"custom"')),
  weighted(1, jsonValueText),
);

/** Each field is there or not, whatever the command is. */
const fields: Readonly<Record<string, readonly [chance: number, value: fc.Arbitrary<string>]>> = {
  match: [3, criteriaText],
  except: [2, criteriaText],
  message: [4, jsonValueText],
  text: [4, jsonValueText],
  data: [3, fieldsText],
  add: [2, fieldsText],
  remove: [2, fieldsText],
  code: [1, countText],
  reason: [
    1,
    fc.oneof(
      jsonValueText,
      fc.nat({ max: 130 }).map((length) => JSON.stringify('é'.repeat(length / 2))),
    ),
  ],
  fields: [1, fc.oneof(listOf(nameText), jsonValueText)],
  limit: [1, countText],
  cursor: [1, scalarText],
  count: [1, fc.constantFrom('true', 'false', '1')],
};

const fieldText = fc.oneof(
  ...Object.entries(fields).map(([name, [chance, value]]) =>
    weighted(
      chance,
      value.map((text) => `"${name}":${text}`),
    ),
  ),
  weighted(
    1,
    fc.tuple(nameText, jsonValueText).map((parts) => parts.join(':')),
  ),
);

const commandText = fc.oneof(
  weighted(
    12,
    fc
      .tuple(typeText, fc.array(fieldText, { maxLength: 6 }))
      .map(([type, rest]) => `{${[`"type":${type}`, ...rest].join()}}`),
  ),
  weighted(1, jsonValueText),
);

/** Any list of commands. */
export const commandListText = fc.oneof(
  weighted(
    14,
    fc.array(commandText, { maxLength: 6 }).map((commands) => `[${commands.join()}]`),
  ),
  weighted(
    2,
    mutated(fc.array(commandText, { minLength: 1, maxLength: 2 }).map((commands) => `[${commands.join()}]`)),
  ),
  weighted(1, jsonValueText),
  weighted(
    1,
    deepText.map((text) => `[${text}]`),
  ),
);
