import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FakeCommands } from '../../test/fake-commands.ts';
import { fakeConnection } from '../../test/fake-connection.ts';
import { FanOut, type Recipient } from './fan-out.ts';
import { type Messages, textFrame, textFrames } from './frame.ts';
import { LoopTurn } from './loop-turn.ts';

/** Notes how it is written to. */
class Noting implements Recipient {
  readonly writes: number[] = [];
  readonly frames: Buffer[] = [];

  writeAll({ plain }: Messages): void {
    this.writes.push(plain.ends.length);
    this.frames.push(plain.bytes);
  }
}

test('a message is framed once: all get the same buffer', () => {
  const commands = new FakeCommands();
  const three = ['a', 'b', 'c'].map((key) => commands.connect(key));
  const recipients = three.map(({ connection }) => connection);
  expect(commands.fanOut.send(recipients, '{"type":"hello"}')).toBe(3);
  const frames = three.flatMap(({ socket }) => socket.frames);
  expect(frames).toHaveLength(3);
  expect(new Set(frames).size).toBe(1);
  expect(frames[0]).toEqual(textFrame('{"type":"hello"}'));
});

test('to nobody is nothing', () => {
  expect(new FanOut(new LoopTurn()).send([], 'x')).toBe(0);
});

const many = (): Noting[] => Array.from({ length: 10 }, () => new Noting());

test('what is sent to the same ones in a row is written to each in one go, at the end of the turn', async () => {
  const fanOut = new FanOut(new LoopTurn());
  const all = many();
  fanOut.send(all, 'a');
  fanOut.send(all, 'b');
  expect(all.flatMap(({ writes }) => writes)).toEqual([]);
  await nextTurn();
  fanOut.send(all, 'c');
  await nextTurn();
  for (const { writes, frames } of all) {
    expect(writes).toEqual([2, 1]);
    expect(frames).toEqual([textFrames(['a', 'b']).bytes, textFrame('c')]);
  }
});

test('what is sent to others comes after what was sent before', async () => {
  const fanOut = new FanOut(new LoopTurn());
  const all = many();
  const [some, one] = [all.slice(0, 6), all.slice(0, 1)];
  fanOut.send(all, 'a');
  fanOut.send(some, 'b');
  fanOut.send(one, 'c');
  fanOut.send(all, 'd');
  await nextTurn();
  expect(all[0]?.frames).toEqual(['a', 'b', 'c', 'd'].map((text) => textFrame(text)));
  expect(all[5]?.frames).toEqual(['a', 'b', 'd'].map((text) => textFrame(text)));
  expect(all[9]?.frames).toEqual(['a', 'd'].map((text) => textFrame(text)));
});

test('so much does not wait for the end of the turn that a client might be sent more than it may leave unread', () => {
  const fanOut = new FanOut(new LoopTurn());
  const everybody = many();
  for (let n = 0; n < 10; n += 1) fanOut.send(everybody, 'x'.repeat(8_000));
  expect(everybody[0]?.writes).toEqual([3, 3, 3]);
});

test('what is sent to one connection alone comes after what was sent to all', () => {
  const fanOut = new FanOut(new LoopTurn());
  const { connection, socket } = fakeConnection('a', {}, { fanOut });
  const everybody = [connection, ...many()];
  fanOut.send(everybody, 'all');
  connection.send('alone');
  fanOut.send(everybody, 'all again');
  connection.writeOnce('once');
  fanOut.send(everybody, 'and again');
  connection.writeCounted('counted');
  expect(socket.texts).toEqual(['all', 'alone', 'all again', 'once', 'and again', 'counted']);
});

test('a socket that is taken away has got what was sent before, and the next one has not', () => {
  const fanOut = new FanOut(new LoopTurn());
  const { connection, socket } = fakeConnection('a', {}, { fanOut });
  const next = fakeConnection('b', {}, { fanOut }).socket;
  const everybody = [connection, ...many()];
  fanOut.send(everybody, 'before');
  connection.detach();
  fanOut.send(everybody, 'meanwhile');
  connection.attach(next);
  fanOut.send(everybody, 'after');
  expect(socket.texts).toEqual(['before']);
  expect(next.texts).toEqual(['after']);
});

test('what is kept for replay is all that was sent until now', () => {
  const fanOut = new FanOut(new LoopTurn());
  const replay = { replayMessages: 10, replayBytes: 1_000 };
  const { connection } = fakeConnection('a', {}, { fanOut, replay });
  const everybody = [connection, ...many()];
  connection.detach();
  fanOut.send(everybody, 'one');
  fanOut.send(everybody, 'two');
  expect(connection.sentAfter(0)).toEqual([textFrames(['one', 'two']).bytes]);
  fanOut.send(everybody, 'three');
  // Nobody can have read what was not written yet.
  expect(connection.acknowledge(3)).toBe(false);
  expect(connection.acknowledge(2)).toBe(true);
  expect(connection.sentAfter(2)).toEqual([textFrame('three')]);
});
