import { expect, test } from 'vitest';
import { fakeConnection } from '../../test/fake-connection.ts';
import { textFrame } from './frame.ts';

test('send encodes an object and sends a string as it is', () => {
  const { connection, socket } = fakeConnection('a');
  connection.send({ type: 'hello' });
  connection.send('a text');
  expect(socket.texts).toEqual(['{"type":"hello"}', 'a text']);
});

test('send of what is no message throws to the caller and writes nothing', () => {
  const { connection, socket } = fakeConnection('a');
  expect(() => connection.send(undefined)).toThrow(TypeError);
  expect(socket.frames).toEqual([]);
});

test('close without a code closes with 1000', () => {
  const { connection, socket } = fakeConnection('a');
  connection.close();
  expect(socket.closes).toEqual([{ code: 1000, reason: '' }]);
});

test.each([1000, 1001, 1003, 1008, 1014, 3000, 4000, 4999])('close takes the code %d', (code) => {
  const { connection, socket } = fakeConnection('a');
  connection.close(code, 'why');
  expect(socket.closes).toEqual([{ code, reason: 'why' }]);
});

test.each([0, 200, 999, 1004, 1005, 1006, 1015, 2999, 5000, 4000.5, NaN, '1000'])(
  'close with the code %s throws before the socket is touched',
  (code) => {
    const { connection, socket } = fakeConnection('a');
    expect(() => connection.close(code as number)).toThrow(`The close code is ${code}: expected`);
    expect(socket.closes).toEqual([]);
  },
);

test('close takes a reason of 123 bytes, and throws at one more', () => {
  const { connection, socket } = fakeConnection('a');
  connection.close(4000, `${'é'.repeat(61)}x`);
  expect(() => connection.close(4000, 'é'.repeat(62))).toThrow('The close reason has 124 bytes');
  expect(socket.closes).toHaveLength(1);
});

test('sessionText is the session as it is, and follows commands', () => {
  const { connection } = fakeConnection('a', { room: 'lobby' });
  const first = connection.sessionText.json;
  expect(JSON.parse(first)).toEqual({ room: 'lobby', ip: '127.0.0.1', wskey: 'a' });
  connection.changeSession({ data: { room: 'hall' } });
  expect(JSON.parse(connection.sessionText.json)).toEqual({ room: 'hall', ip: '127.0.0.1', wskey: 'a' });
});

test('sessionText follows what the application does with sessionInfo, for as long as it has it', () => {
  const { connection } = fakeConnection('a', { room: 'lobby' });
  expect(connection.sessionText.json).toContain('lobby');
  expect(connection.isSessionShared).toBe(false);
  const { sessionInfo } = connection;
  expect(connection.isSessionShared).toBe(true);
  sessionInfo['room'] = 'hall';
  expect(connection.sessionText.json).toContain('hall');
  connection.changeSession({ data: { score: 1 } });
  expect(connection.sessionText.json).toContain('"score":1');
  sessionInfo['room'] = 'attic';
  expect(connection.sessionText.json).toContain('attic');
});

test('sessionText throws while the application has made the session unencodable', () => {
  const { connection } = fakeConnection('a');
  connection.sessionInfo['self'] = connection.sessionInfo;
  expect(() => connection.sessionText.json).toThrow(TypeError);
  delete connection.sessionInfo['self'];
  expect(JSON.parse(connection.sessionText.json)).toEqual({ ip: '127.0.0.1', wskey: 'a' });
});

test('a client that can resume and was sent nothing can go on from nothing alone', () => {
  const replay = { replayMessages: 10, replayBytes: 1_000 };
  const { connection } = fakeConnection('a', {}, { replay });
  expect([connection.acknowledge(0), connection.acknowledge(1)]).toEqual([true, false]);
  expect([connection.sentAfter(0), connection.sentAfter(1)]).toEqual([[], undefined]);
  expect(connection.countAnew()).toEqual([]);
  connection.send('one');
  expect(connection.sentAfter(0)).toEqual([textFrame('one')]);
  expect([connection.acknowledge(1), connection.acknowledge(2)]).toEqual([true, false]);
});

test('a client that cannot resume cannot go on from anywhere', () => {
  const { connection } = fakeConnection('a');
  connection.send('one');
  expect([connection.sentAfter(0), connection.sentAfter(1)]).toEqual([undefined, undefined]);
});

test('what is kept for replay keeps none of what others wrote: 64 KiB of it, in the pool of Node', () => {
  const { connection } = fakeConnection('a', {}, { replay: { replayMessages: 10, replayBytes: 1_000 } });
  connection.send('a message');
  connection.writeCounted('["reply",1,null]');
  const kept = connection.sentAfter(0) ?? [];
  expect(kept.map(({ buffer }) => buffer.byteLength)).toEqual([4_096, 4_096]);
});
