import { upFrameSchema } from '@wsbroker/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { upFrameOf } from './up-frame.ts';

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
