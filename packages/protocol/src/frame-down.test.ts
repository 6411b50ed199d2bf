import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyJson } from '../test/arbitrary-json.ts';
import { check } from './decoded.ts';
import { errorCodeSchema } from './error-code.ts';
import { type DownFrame, downFrameSchema, type Opened } from './frame-down.ts';

const takes = (frame: unknown): boolean => downFrameSchema.safeParse(frame).success;

const opened: Opened = {
  connection: 'xI53O9YS-NujiPVzNyfAKA',
  token: '9wq0M0ZbQ0mZB1u0yJ3d7w',
  received: 0,
  resumed: false,
  gap: false,
  graceMs: 30_000,
  maxMessageBytes: 65_536,
  replayMessages: 100,
  pingIntervalMs: 25_000,
};

const frames: readonly DownFrame[] = [
  ['opened', opened],
  ['opened', { ...opened, received: 7, resumed: true, gap: true, graceMs: 0 }],
  ['ack', 0],
  ['delivered', 12],
  ['failed', 1, 'refused', 'The backend answered 422'],
  ['reply', 0, { lines: [] }],
  ['reply', 3, null],
  ['status', { backend: 'up', queued: 0 }],
  ['status', { backend: 'down', queued: 3 }],
  ['bye', 1001, 0],
  ['bye', 4000, 2500],
  ['ping'],
  ['pong'],
];

test.each(frames.map((frame) => [frame]))('takes %j', (frame) => {
  expect(check(downFrameSchema, frame, 'The frame')).toEqual({ ok: true, value: frame });
});

test('takes elements and fields that a newer broker adds', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...frames),
      fc.array(anyJson, { minLength: 1, maxLength: 3 }),
      (frame, more) => {
        const longer = [...frame, ...more];
        expect(check(downFrameSchema, longer, 'The frame')).toEqual({ ok: true, value: longer });
      },
    ),
  );
  for (const frame of [
    ['opened', { ...opened, later: 1 }],
    ['status', { backend: 'up', queued: 0, later: 1 }],
  ]) {
    expect(check(downFrameSchema, frame, 'The frame')).toEqual({ ok: true, value: frame });
  }
});

test.each(Object.keys(opened))('`opened` has always %s', (field) => {
  expect(takes(['opened', { ...opened, [field]: undefined }])).toBe(false);
  expect(takes(['opened', { ...opened, [field]: null }])).toBe(false);
});

test('`failed` has a code of the list', () => {
  for (const code of errorCodeSchema.options) expect(takes(['failed', 1, code, 'why'])).toBe(true);
  expect(takes(['failed', 1, 'no-such-code', 'why'])).toBe(false);
});

test.each([
  [['opened']],
  [['opened', { ...opened, received: -1 }]],
  [['opened', { ...opened, graceMs: 1.5 }]],
  [['opened', { ...opened, maxMessageBytes: 0 }]],
  [['opened', { ...opened, replayMessages: 0 }]],
  [['opened', { ...opened, pingIntervalMs: 0 }]],
  [['ack']],
  [['ack', -1]],
  [['delivered', '1']],
  [['failed', 0, 'refused', 'why']],
  [['failed', 1, 'refused']],
  [['reply', 1]],
  [['reply', -1, {}]],
  [['status', { backend: 'gone', queued: 0 }]],
  [['status', { backend: 'up' }]],
  [['bye', 1001]],
  [['bye', 1001, -1]],
  [['open', {}]],
  [['later', 1]],
  [[]],
  [{ type: 'said' }],
  [null],
])('does not know %j', (frame) => {
  expect(takes(frame)).toBe(false);
});
