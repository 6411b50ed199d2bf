import { upFrameSchema } from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryJson } from '../../../test/arbitrary-message.ts';
import { hasPlainKeys, slowJson } from '../../../test/slow-json.ts';
import { readUpFrame, requestOf, upFrameOf } from './up-frame.ts';

const isFrame = (json: unknown): boolean => upFrameSchema.safeParse(json).success;

const odd = fc.oneof(
  fc.jsonValue(),
  fc.integer(),
  fc.constantFrom(
    -1,
    1.5,
    2 ** 53,
    '',
    'x'.repeat(129),
    'token',
    {},
    [],
    { token: 'x' },
    { received: 0, x: 1 },
  ),
);
const opening = fc.record(
  { token: fc.oneof(fc.string(), odd), received: fc.oneof(fc.nat(), odd) },
  { requiredKeys: [] },
);
const frame = fc.oneof(
  fc.array(odd, { maxLength: 4 }),
  fc.tuple(fc.constantFrom('open', 'ack', 'request', 'ping', 'pong', 'opened'), fc.oneof(opening, odd)),
  fc.tuple(fc.constantFrom('ping', 'pong', 'open', 'ack')),
  fc.tuple(fc.constant('request'), fc.oneof(fc.nat(), odd), fc.constant({ type: 'ask' }), odd),
  fc.tuple(fc.constant('request'), fc.oneof(fc.nat(), odd), fc.constant({ type: 'ask' })),
  odd,
);

test('takes exactly what the schema takes', () => {
  fc.assert(
    fc.property(frame, (json) => {
      const taken = upFrameOf(json);
      // The message of a request is read later, as every message is.
      if (taken?.[0] === 'request') expect(isFrame([...taken.slice(0, 2), {}])).toBe(true);
      else expect([json, taken !== undefined]).toEqual([json, isFrame(json)]);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  [['open', {}]],
  [['open', { token: 'x', received: 3 }]],
  [['ack', 0]],
  [['request', 7, { type: 'ask' }]],
  [['ping']],
  [['pong']],
])('%j is a frame', (json) => {
  expect(upFrameOf(json)).toBe(json);
  expect(isFrame(json)).toBe(true);
});

const space = fc.constantFrom('', '', '', ' ', '\n', '\t\r', '\u00a0');
const requestText = fc
  .tuple(
    fc.constantFrom(
      '"request"',
      '"request"',
      '"request"',
      '"\\u0072equest"',
      '"requests"',
      '"re,quest"',
      'request',
      '7',
      '',
    ),
    fc.constantFrom('7', '7', '0', '0', '-1', '7.0', '1e1', '"7"', '1.5', '9007199254740993', '[7]', ''),
    fc.oneof(arbitraryJson, fc.constantFrom('', '{', '{"a":1},{"b":2}', '{"a":1}]', ']', '"]"')),
    space,
    space,
    fc.constantFrom(']', ']', ']', ' ]\n', ']]', ']x', ']\u00a0', ''),
  )
  .map(([kind, id, message, a, b, end]) => `[${a}${kind}${b},${a}${id}${b},${message}${end}`);

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

test('of the text of a request it gives the id, and the message as it was written', () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(requestText, arbitraryJson), (text) => {
      const request = requestOf(text);
      const message = request && parsed(request.message);
      const expected = readUpFrame(text);
      if (request && message !== undefined) {
        taken += 1;
        expect(expected?.slice(0, 2)).toEqual(['request', request.id]);
        if (hasPlainKeys(slowJson(request.message))) expect(expected?.[2]).toEqual(message);
        expect(text).toContain(request.message);
      } else {
        expect(expected?.[0]).not.toBe('request');
      }
    }),
    { numRuns: 3_000 },
  );
  expect(taken).toBeGreaterThan(10);
});

test('reads a frame from any text, or none', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        frame.map((json) => JSON.stringify(json)),
        fc.string({ unit: 'binary' }),
      ),
      (text) => {
        expect(readUpFrame(text)).toEqual(upFrameOf(parsed(text)));
      },
    ),
  );
});

test('half a million lists, one in the other, are no frame', () => {
  const text = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;
  expect([readUpFrame(text), requestOf(text), readUpFrame('['.repeat(500_000))]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
