import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PendingSockets } from './pending-sockets.ts';

/** As much of a TCP socket as is looked at. */
class FakeSocket extends EventEmitter {
  readonly remoteAddress = '192.0.2.1';
  readonly localPort = 80;
  readonly remotePort: number;
  isDestroyed = false;

  constructor(remotePort: number) {
    super();
    this.remotePort = remotePort;
  }

  destroy(): void {
    this.isDestroyed = true;
    // Later, as a real one does.
    queueMicrotask(() => this.emit('close'));
  }
}

test('the oldest is cut for one too many', () => {
  const pending = new PendingSockets(3);
  const sockets = [1, 2, 3, 4, 5].map((port) => new FakeSocket(port));
  for (const socket of sockets) pending.add(socket);
  expect(sockets.map(({ isDestroyed }) => isDestroyed)).toEqual([true, true, false, false, false]);
  expect(pending.size).toBe(3);
});

test('one that is served is not cut any more, and makes room', () => {
  const pending = new PendingSockets(2);
  const [first, second, third, fourth] = [1, 2, 3, 4].map((port) => new FakeSocket(port)) as [
    FakeSocket,
    FakeSocket,
    FakeSocket,
    FakeSocket,
  ];
  pending.add(first);
  pending.add(second);
  // Under TLS it is another object, with the same ends.
  pending.leave(new FakeSocket(1));
  pending.add(third);
  expect([first, second, third].map(({ isDestroyed }) => isDestroyed)).toEqual([false, false, false]);
  pending.add(fourth);
  expect([first, second, third].map(({ isDestroyed }) => isDestroyed)).toEqual([false, true, false]);
});

test('one that is gone takes no room, and takes no successor with the same ends along', () => {
  const pending = new PendingSockets(2);
  const gone = new FakeSocket(1);
  pending.add(gone);
  pending.add(gone);
  expect(pending.size).toBe(1);
  const successor = new FakeSocket(1);
  pending.add(successor);
  gone.emit('close');
  expect(pending.size).toBe(1);
  successor.emit('close');
  expect(pending.size).toBe(0);
});

test('sockets that are gone are kept by nobody, however they went', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const pending = new PendingSockets(200);
  const refs: WeakRef<FakeSocket>[] = [];
  // Many at once, and then none: the Map within grows and shrinks again and again.
  const comeAndGo = (count: number, go: (socket: FakeSocket) => void): void => {
    const sockets = Array.from({ length: count }, (_, n) => new FakeSocket(refs.length + n));
    for (const socket of sockets) {
      pending.add(socket);
      refs.push(new WeakRef(socket));
    }
    for (const socket of sockets) go(socket);
  };
  for (let n = 0; n < 10; n += 1) comeAndGo(150, (socket) => socket.emit('close'));
  for (let n = 0; n < 10; n += 1) comeAndGo(150, (socket) => pending.leave(socket));
  comeAndGo(1_000, (socket) => pending.leave(socket));
  for (let n = 0; n < 10; n += 1) comeAndGo(150, (socket) => socket.emit('close'));
  await setImmediate();
  collect();
  expect(pending.size).toBe(0);
  // One or two may still be on the stack of this test.
  expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(20);
});

test('in whatever order they come, are served and go: never more than may be, and always the oldest is cut', () => {
  const step = fc.tuple(fc.constantFrom('add', 'add', 'add', 'leave', 'close'), fc.nat({ max: 1_000 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const pending = new PendingSockets(7);
      let model: FakeSocket[] = [];
      for (const [at, [what, which]] of steps.entries()) {
        const chosen = model[which % Math.max(1, model.length)];
        if (what === 'add') {
          const socket = new FakeSocket(at);
          pending.add(socket);
          if (model.length === 7) expect(model.shift()?.isDestroyed).toBe(true);
          model.push(socket);
        } else if (chosen) {
          if (what === 'leave') pending.leave(chosen);
          else chosen.emit('close');
          model = model.filter((socket) => socket !== chosen);
        }
        expect(pending.size).toBe(model.length);
        expect(model.filter(({ isDestroyed }) => isDestroyed)).toEqual([]);
      }
    }),
  );
});
