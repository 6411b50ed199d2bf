import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Place, Places } from './places.ts';

test('there is room for just so many, in all and of each address', () => {
  const places = new Places({ max: 3, maxPerAddress: 2 });
  const first = places.place('a');
  expect([first.take(), places.place('a').take(), places.place('a').take()]).toEqual([
    undefined,
    undefined,
    'address',
  ]);
  expect(places.place(undefined).take()).toBeUndefined();
  expect(places.place('b').take()).toBe('all');
  first.release();
  expect(places.place('b').take()).toBeUndefined();
});

test('a place is taken once and given back once, however often somebody says so', () => {
  const places = new Places({ max: 10, maxPerAddress: 10 });
  const place = places.place('a');
  let heard = 0;
  place.onHeld = () => (heard += 1);
  place.release();
  place.take();
  place.take();
  place.hold();
  expect([places.count, places.countOf('a'), heard]).toEqual([1, 1, 1]);
  place.release();
  place.release();
  expect([places.count, places.countOf('a')]).toEqual([0, 0]);
});

test('who is counted already goes from one place to another though all are taken', () => {
  const places = new Places({ max: 1, maxPerAddress: 1 });
  const socket = places.place('a');
  socket.take();
  // The socket is lost, and its connection waits.
  const waiting = socket.another();
  socket.release();
  expect([places.count, places.countOf('a')]).toEqual([1, 1]);
  const next = places.place('a');
  expect(next.take()).toBe('all');
  waiting.release();
  next.hold();
  expect([places.count, places.countOf('a')]).toEqual([1, 1]);
});

test('whatever comes and goes in whatever order: counts are what is held, no cap is passed by taking, nothing is left', () => {
  const step = fc.record({
    what: fc.constantFrom('take', 'take', 'hold', 'another', 'release'),
    which: fc.nat({ max: 11 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const places = new Places({ max: 5, maxPerAddress: 2 });
      const all: { place: Place; isHeld: boolean }[] = Array.from({ length: 12 }, (_, at) => ({
        place: places.place(['a', 'b', 'c', undefined][at % 4]),
        isHeld: false,
      }));
      const heldOf = (key?: string) =>
        all.filter(({ place, isHeld }) => isHeld && (key === undefined || place.key === key)).length;
      for (const { what, which } of steps) {
        const one = all[which];
        if (!one) continue;
        const { key } = one.place;
        if (what === 'take') {
          const hasRoom = heldOf() < 5 && (key === undefined || heldOf(key) < 2);
          const full = one.place.take();
          expect(full === undefined).toBe(one.isHeld || hasRoom);
          one.isHeld ||= hasRoom;
        } else if (what === 'another') {
          all.push({ place: one.place.another(), isHeld: true });
        } else {
          if (what === 'hold') one.place.hold();
          else one.place.release();
          one.isHeld = what === 'hold';
        }
        expect(places.count).toBe(heldOf());
        for (const each of ['a', 'b', 'c']) expect(places.countOf(each)).toBe(heldOf(each));
      }
      for (const { place } of all) place.release();
      expect([places.count, places.countOf('a'), places.countOf('b'), places.countOf('c')]).toEqual([
        0, 0, 0, 0,
      ]);
    }),
  );
});
