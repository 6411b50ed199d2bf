import { expect, test, vi } from 'vitest';
import { createMessageStream } from './message-stream.ts';

const open = (maxBuffered = 3) => {
  const detach = vi.fn<() => void>();
  let push: (message: number) => void = () => undefined;
  const { stream, end } = createMessageStream<number>(maxBuffered, (to) => {
    push = to;
    return detach;
  });
  return { stream, end, detach, push: (message: number) => push(message) };
};

test('gives what came before, and waits for what comes', async () => {
  const { stream, push } = open();
  push(1);
  push(2);
  expect(await stream.next()).toEqual({ done: false, value: 1 });
  expect(await stream.next()).toEqual({ done: false, value: 2 });
  const third = stream.next();
  push(3);
  expect(await third).toEqual({ done: false, value: 3 });
});

test('answers several reads in order', async () => {
  const { stream, push } = open();
  const reads = Promise.all([stream.next(), stream.next(), stream.next()]);
  for (const message of [1, 2, 3]) push(message);
  expect((await reads).map((read) => read.value)).toEqual([1, 2, 3]);
});

test('ends after what waited has been read', async () => {
  const { stream, push, end, detach } = open();
  push(1);
  end();
  const seen: number[] = [];
  for await (const message of stream) seen.push(message);
  expect(seen).toEqual([1]);
  expect(detach).toHaveBeenCalled();
});

test('ends a read that waits', async () => {
  const { stream, end } = open();
  const read = stream.next();
  end();
  expect(await read).toEqual({ done: true, value: undefined });
});

test('throws buffer-full after what waited, and is then at its end', async () => {
  const { stream, push, detach } = open(2);
  for (const message of [1, 2, 3, 4]) push(message);
  expect(detach).toHaveBeenCalled();
  const seen: number[] = [];
  await expect(
    (async () => {
      for await (const message of stream) seen.push(message);
    })(),
  ).rejects.toMatchObject({ code: 'buffer-full' });
  expect(seen).toEqual([1, 2]);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

test('takes itself off when the loop is left', async () => {
  const { stream, push, detach } = open();
  push(1);
  for await (const message of stream) {
    expect(message).toBe(1);
    break;
  }
  expect(detach).toHaveBeenCalled();
});

test('can be ended from outside while a read waits', async () => {
  const { stream, detach } = open();
  const read = stream.next();
  expect(await stream.return(undefined)).toEqual({ done: true, value: undefined });
  expect(await read).toEqual({ done: true, value: undefined });
  expect(detach).toHaveBeenCalled();
});

test('takes itself off when it is returned before it was read', async () => {
  const { stream, push, detach } = open();
  push(1);
  await stream.return(undefined);
  expect(detach).toHaveBeenCalled();
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});
