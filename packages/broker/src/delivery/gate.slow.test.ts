import { describe, expect, test } from 'vitest';
import { settled } from '../../test/fake-clock.ts';
import { names, startGate } from '../../test/start-gate.ts';

describe('a request that takes long', () => {
  test('steps aside after `slowRequestMs` for one that waits', async () => {
    const { begun, clock, enter } = startGate();
    for (const name of names(3)) enter(name);
    await clock.advance(999);
    expect(begun).toEqual(['0', '1']);
    await clock.advance(1);
    expect(begun).toEqual(['0', '1', '2']);
  });

  test('steps aside at once for one that comes later', async () => {
    const { begun, clock, enter } = startGate();
    for (const name of names(2)) enter(name);
    await clock.advance(5_000);
    enter('late');
    await settled();
    expect(begun).toEqual(['0', '1', 'late']);
  });

  test('steps aside no more when as many as `maxRequests` have: twice that is the most in flight', async () => {
    const { begun, clock, enter, end } = startGate();
    for (const name of names(9)) enter(name);
    await clock.advance(60_000);
    expect(begun).toEqual(names(4));
    await end('0');
    expect(begun).toEqual(names(5));
  });

  test('has its connection begin aside, until a request of it is quick again', async () => {
    const { begun, clock, enter, end } = startGate({ maxRequests: 1 });
    enter('slow');
    await clock.advance(1_000);
    await end('slow');
    // The only slot is taken by another, and the next of the slow connection goes past it.
    enter('other');
    enter('slow');
    await settled();
    expect(begun).toEqual(['slow', 'other', 'slow']);
    await end('slow');
    enter('slow');
    await settled();
    expect(begun).toEqual(['slow', 'other', 'slow']);
  });

  test('and others like it have half of the slots as well, if nobody else wants them', async () => {
    const { begun, clock, enter, end } = startGate({ maxRequests: 4 });
    const slow = names(10, 'slow');
    for (const name of slow.slice(0, 4)) enter(name);
    await clock.advance(1_000);
    for (const name of slow.slice(0, 4)) await end(name);
    for (const name of slow.slice(4)) enter(name);
    await clock.advance(1_000);
    for (const name of slow.slice(4, 8)) await end(name);
    await clock.advance(1_000);
    for (const name of slow.slice(8)) await end(name);
    begun.length = 0;
    for (const name of slow) enter(name);
    await settled();
    expect(begun).toEqual(slow.slice(0, 6));
    enter('quick');
    enter('quick too');
    await settled();
    expect(begun.slice(6)).toEqual(['quick', 'quick too']);
  });

  test('goes before those that got no answer at all, aside', async () => {
    const { begun, clock, enter, end } = startGate({ maxRequests: 1 });
    for (const name of ['hangs', 'slow', 'aside']) enter(name);
    await clock.advance(1_000);
    await end('hangs', { failure: 'no-answer' });
    await clock.advance(1_000);
    await end('slow');
    await clock.advance(1_000);
    for (const name of ['slot', 'hangs', 'slow']) enter(name);
    await settled();
    begun.length = 0;
    await end('aside');
    expect(begun).toEqual(['slow']);
    await end('slow');
    expect(begun).toEqual(['slow', 'hangs']);
  });

  test('with no answer makes its connection slow, too', async () => {
    const { begun, enter, end } = startGate({ maxRequests: 1 });
    enter('hangs');
    await settled();
    await end('hangs', { failure: 'no-answer' });
    enter('other');
    enter('hangs', { isTried: true });
    await settled();
    expect(begun).toEqual(['hangs', 'other', 'hangs']);
  });

  test('and others like it never take a slot from those that are quick', async () => {
    const { begun, clock, enter, end } = startGate({ maxRequests: 4 });
    const hanging = names(6, 'hangs');
    for (const name of hanging) enter(name);
    enter('quick');
    await clock.advance(1_500);
    await end('quick');
    for (const name of hanging) await end(name, { failure: 'no-answer' });
    begun.length = 0;
    for (const name of hanging) enter(name, { isTried: true });
    await settled();
    // Four run aside, and the others wait for their place there.
    expect(begun).toEqual(hanging.slice(0, 4));
    for (let n = 0; n < 10; n += 1) {
      enter('quick');
      await settled();
      expect(begun.at(-1)).toBe('quick');
      await end('quick');
    }
  });
});
