import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

/** Work that ends when it is told to. */
const work = () => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { run: () => promise, end: resolve, fail: reject };
};

test('lets so many run at once, and the others in the order in which they came', async () => {
  const slots = new Slots(2);
  const begun: number[] = [];
  const works = Array.from({ length: 5 }, work);
  const ends = works.map(({ run }, at) =>
    slots.run(async () => {
      begun.push(at);
      await run();
      return at;
    }),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);

  works[1]!.end();
  await ends[1];
  expect(begun).toEqual([0, 1, 2]);
  works[0]!.end();
  await ends[0];
  expect(begun).toEqual([0, 1, 2, 3]);

  for (const { end } of works) end();
  expect(await Promise.all(ends)).toEqual([0, 1, 2, 3, 4]);
});

test('one that comes when another ends does not go before those that wait', async () => {
  const slots = new Slots(1);
  const begun: string[] = [];
  const first = work();
  const one = slots.run(first.run);
  const two = slots.run(async () => void begun.push('waited'));
  first.end();
  await one;
  const three = slots.run(async () => void begun.push('came later'));
  await Promise.all([two, three]);
  expect(begun).toEqual(['waited', 'came later']);
});

test('work that fails gives its slot back, and its error to who asked', async () => {
  const slots = new Slots(1);
  await expect(slots.run(() => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
  await expect(
    slots.run(() => {
      throw new Error('at once');
    }),
  ).rejects.toThrow('at once');
  expect(await slots.run(() => Promise.resolve('next'))).toBe('next');
});

test('never more than its number run, and all run, whatever ends when', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.scheduler(),
      fc.nat({ max: 20 }),
      async (free, scheduler, count) => {
        const slots = new Slots(free);
        let running = 0;
        let most = 0;
        const begun: number[] = [];
        const all = Array.from({ length: count }, (_, at) =>
          slots.run(async () => {
            begun.push(at);
            running += 1;
            most = Math.max(most, running);
            await scheduler.schedule(Promise.resolve());
            running -= 1;
          }),
        );
        await scheduler.waitFor(Promise.all(all));
        expect(most).toBe(Math.min(free, count));
        expect(begun).toEqual([...Array(count).keys()]);
      },
    ),
  );
});
