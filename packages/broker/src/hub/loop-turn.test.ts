import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Gathering } from './gathering.ts';
import { type Owing, LoopTurn } from './loop-turn.ts';

/** Owes as a socket does. */
class Owed implements Owing {
  readonly writes: string[] = [];
  readonly chunks: Buffer[] = [];
  onFlush: () => void = () => {};
  readonly #turn: LoopTurn;
  #owed: Gathering | undefined;

  constructor(turn: LoopTurn) {
    this.#turn = turn;
  }

  send(frame: Buffer | string): void {
    const bytes = typeof frame === 'string' ? Buffer.from(frame) : frame;
    this.#owed = this.#owed?.followedBy(bytes) ?? this.#turn.begin(this, bytes);
  }

  flush(): void {
    this.onFlush();
    if (!this.#owed) return;
    this.chunks.push(...this.#owed.chunks);
    this.writes.push(Buffer.concat(this.#owed.chunks).toString());
    this.#owed = undefined;
  }
}

const busyFor = (ms: number): void => {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
};

test('what is sent in one turn is one write, at its end', async () => {
  const socket = new Owed(new LoopTurn());
  socket.send('a');
  socket.send('b');
  expect(socket.writes).toEqual([]);
  await nextTurn();
  expect(socket.writes).toEqual(['ab']);
});

test('a lone message waits for nothing but the end of the turn', async () => {
  const socket = new Owed(new LoopTurn());
  socket.send('a');
  await nextTurn();
  socket.send('b');
  await nextTurn();
  expect(socket.writes).toEqual(['a', 'b']);
});

test('what many are owed alike is joined once', async () => {
  const turn = new LoopTurn();
  const sockets = Array.from({ length: 100 }, () => new Owed(turn));
  for (const frame of ['a', 'b'].map((text) => Buffer.from(text)))
    for (const socket of sockets) socket.send(frame);
  await nextTurn();
  expect(new Set(sockets.flatMap(({ chunks }) => chunks)).size).toBe(1);
});

test('what is known only at the end of the turn is in the same write', async () => {
  const turn = new LoopTurn();
  const socket = new Owed(turn);
  turn.atEnd({ turnEnds: () => socket.send('receipt') });
  socket.send('message ');
  await nextTurn();
  expect(socket.writes).toEqual(['message receipt']);
});

test('an end that nothing was sent before comes as well', async () => {
  const turn = new LoopTurn();
  const socket = new Owed(turn);
  turn.atEnd({ turnEnds: () => socket.send('receipt') });
  await nextTurn();
  expect(socket.writes).toEqual(['receipt']);
});

test('what is sent while others are written is not lost', async () => {
  const turn = new LoopTurn();
  const [first, second] = [new Owed(turn), new Owed(turn)];
  second.onFlush = () => {
    if (second.writes.length === 0) first.send('again');
  };
  first.send('a');
  second.send('b');
  await nextTurn();
  await nextTurn();
  expect(first.writes).toEqual(['a', 'again']);
  expect(second.writes).toEqual(['b']);
});

test('a long end lets others have their turn, and goes on with what the sockets are owed by then', async () => {
  const turn = new LoopTurn();
  const sockets = Array.from({ length: 64 }, () => new Owed(turn));
  for (const socket of sockets) socket.onFlush = () => busyFor(2);
  const served = (): number => sockets.filter(({ writes }) => writes.length > 0).length;
  for (const socket of sockets) socket.send('a');
  await nextTurn();
  expect(served()).toBeGreaterThan(0);
  expect(served()).toBeLessThan(sockets.length);
  for (const socket of sockets) socket.send('b');
  while (sockets.some(({ writes }) => writes.join('') !== 'ab')) await nextTurn();
  expect(sockets.at(-1)?.writes).toEqual(['ab']);
  expect(sockets[0]?.writes).toEqual(['a', 'b']);
});

/** What a turn says at its very end, when it is asked so many times. */
const askedAtLast = (turn: LoopTurn, times: number, before: () => void = () => {}): boolean[] => {
  const answers: boolean[] = [];
  turn.atLast({
    turnEnds() {
      before();
      for (let n = 0; n < times; n += 1) answers.push(turn.takesNow());
    },
  });
  return answers;
};

test('the last end comes after all others, and after it nothing is written at once any more', async () => {
  const turn = new LoopTurn();
  const order: string[] = [];
  turn.atLast({ turnEnds: () => order.push('last') });
  turn.atEnd({ turnEnds: () => order.push('end') });
  const answers = askedAtLast(turn, 100);
  expect(turn.takesNow()).toBe(false);
  await nextTurn();
  expect(order).toEqual(['end', 'last']);
  expect(answers).toEqual(Array.from({ length: 100 }, () => true));
  expect(turn.takesNow()).toBe(false);
});

test('while any socket is owed something nothing is written at once: it would overtake, or be a second write', async () => {
  const turn = new LoopTurn();
  const socket = new Owed(turn);
  turn.atEnd({ turnEnds: () => socket.send('receipt') });
  const answers = askedAtLast(turn, 1);
  await nextTurn();
  expect(answers).toEqual([false]);
  expect(socket.writes).toEqual(['receipt']);
});

test('what is left of a long end comes before what is sent at the end of the next turn', async () => {
  const turn = new LoopTurn();
  const sockets = Array.from({ length: 64 }, () => new Owed(turn));
  for (const socket of sockets) socket.onFlush = () => busyFor(2);
  for (const socket of sockets) socket.send('a');
  await nextTurn();
  const answers = askedAtLast(turn, 1);
  await nextTurn();
  expect(answers).toEqual([false]);
});

test('writing at once ends when others have waited long enough', async () => {
  const turn = new LoopTurn();
  const answers = askedAtLast(turn, 100, () => busyFor(25));
  await nextTurn();
  expect(answers.filter(Boolean).length).toBeLessThan(20);
  const next = askedAtLast(turn, 100);
  await nextTurn();
  expect(next.every(Boolean)).toBe(true);
});
