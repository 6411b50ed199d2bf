import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyJson } from '../test/arbitrary-json.ts';
import { check } from './decoded.ts';
import { type UpFrame, upFrameSchema } from './frame-up.ts';

const takes = (frame: unknown): boolean => upFrameSchema.safeParse(frame).success;

test.each<UpFrame>([
  ['open', {}],
  ['open', { token: 'a' }],
  ['open', { token: 'x'.repeat(128), received: 0 }],
  ['open', { received: Number.MAX_SAFE_INTEGER }],
  ['ack', 0],
  ['ack', Number.MAX_SAFE_INTEGER],
  ['request', 0, {}],
  ['request', 7, { type: 'history', last: 10 }],
  ['ping'],
  ['pong'],
])('takes %j', (...frame) => {
  expect(check(upFrameSchema, frame, 'The frame')).toEqual({ ok: true, value: frame });
});

test.each([
  [['open']],
  [['open', null]],
  [['open', []]],
  [['open', { token: '' }]],
  [['open', { token: 'x'.repeat(129) }]],
  [['open', { token: null }]],
  [['open', { received: -1 }]],
  [['open', { received: 1.5 }]],
  [['open', { received: 2 ** 53 }]],
  [['open', { received: '1' }]],
  [['open', { version: 2 }]],
  [['open', {}, {}]],
  [['ack']],
  [['ack', -1]],
  [['ack', 0.5]],
  [['ack', '1']],
  [['ack', 1, 2]],
  [['request', 1]],
  [['request', -1, {}]],
  [['request', 'a', {}]],
  [['request', 1, []]],
  [['request', 1, { type: '' }]],
  [['request', 1, { type: 'with space' }]],
  [['request', 1, {}, 1]],
  [['ping', 1]],
  [['pong', null]],
  [['Ping']],
  [['delivered', 1]],
  [['opened', {}]],
  [[]],
  [[['ping']]],
  [{ 0: 'ping' }],
  ['ping'],
  [null],
])('refuses %j', (frame) => {
  expect(takes(frame)).toBe(false);
});

const valid = fc.oneof(
  fc.tuple(
    fc.constant('open'),
    fc.record(
      { token: fc.string({ minLength: 1, maxLength: 128 }), received: fc.maxSafeNat() },
      { requiredKeys: [] },
    ),
  ),
  fc.tuple(fc.constant('ack'), fc.maxSafeNat()),
  fc.tuple(fc.constant('request'), fc.maxSafeNat(), fc.constant({ type: 'x' })),
  fc.constant(['ping']),
  fc.constant(['pong']),
);

test('a frame with one element more is none: what a newer client adds is refused, and never half understood', () => {
  fc.assert(
    fc.property(valid, anyJson, (frame, more) => {
      expect(takes(frame)).toBe(true);
      expect(takes([...frame, more])).toBe(false);
    }),
  );
});
