import { expect, test } from 'vitest';
import { fakeConnection } from '../../test/fake-connection.ts';
import { fanOut } from './fan-out.ts';
import { textFrame } from './frame.ts';

test('a message is framed once: all get the same buffer', () => {
  const three = ['a', 'b', 'c'].map((key) => fakeConnection(key));
  expect(
    fanOut(
      three.map(({ connection }) => connection),
      '{"type":"hello"}',
    ),
  ).toBe(3);
  const frames = three.flatMap(({ socket }) => socket.frames);
  expect(frames).toHaveLength(3);
  expect(new Set(frames).size).toBe(1);
  expect(frames[0]).toEqual(textFrame('{"type":"hello"}'));
});

test('to nobody is nothing', () => {
  expect(fanOut([], 'x')).toBe(0);
});
