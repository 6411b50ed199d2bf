import { describe, expect, test } from 'vitest';
import { settled } from '../../test/fake-clock.ts';
import { names, startDownGate, startGate, status, unreachable } from '../../test/start-gate.ts';

const ofThree = { batch: () => ({ maxEvents: 3, maxBytes: 10 }) };

describe('where the backend takes several events in one request', () => {
  test('those that come in one turn of the event loop share it, as many as it takes', async () => {
    const { posts, enter } = startGate({ ...ofThree, maxRequests: 8 });
    for (const name of names(7)) enter(name);
    await settled();
    expect(posts).toEqual([['0', '1', '2'], ['3', '4', '5'], ['6']]);
    enter('alone');
    await settled();
    expect(posts.slice(3)).toEqual([['alone']]);
  });

  test('nothing waits for others: one that comes a turn later has a request of its own', async () => {
    const { posts, enter } = startGate({ ...ofThree, maxRequests: 8 });
    enter('first');
    await new Promise(setImmediate);
    expect(posts).toEqual([['first']]);
    enter('second');
    await settled();
    expect(posts).toEqual([['first'], ['second']]);
  });

  test('where it takes one, each begins at once', () => {
    const { posts, enter } = startGate({ maxRequests: 8 });
    for (const name of names(2)) enter(name);
    expect(posts).toEqual([['0'], ['1']]);
  });

  test('a request with several holds one slot, and what waits for it goes together', async () => {
    const { posts, enter, end } = startGate({ ...ofThree, maxRequests: 1 });
    for (const name of names(5)) enter(name);
    await settled();
    for (const name of ['5', '6']) enter(name);
    await settled();
    expect(posts).toEqual([['0', '1', '2']]);
    await end('0');
    expect(posts.slice(1)).toEqual([['3', '4', '5']]);
    await end('4');
    expect(posts.slice(2)).toEqual([['6']]);
  });

  test('no more bytes than may be; one event that is larger goes alone', async () => {
    const { posts, enter } = startGate({ ...ofThree, maxRequests: 8 });
    enter('four', { bytes: 4 });
    enter('six', { bytes: 6 });
    enter('eleven', { bytes: 11 });
    enter('five', { bytes: 5 });
    enter('six too', { bytes: 6 });
    await settled();
    expect(posts).toEqual([['four', 'six'], ['eleven'], ['five'], ['six too']]);
  });

  test('an event that was attempted before goes first, and alone where a backend has had it', async () => {
    const { posts, enter, end } = startGate({ ...ofThree, maxRequests: 1 });
    enter('running');
    await settled();
    for (const name of ['a', 'b']) enter(name);
    for (const name of ['had', 'had too']) enter(name, { isTried: true, isAlone: true });
    for (const name of ['tried', 'tried too']) enter(name, { isTried: true });
    await settled();
    await end('running');
    await end('had');
    await end('had too');
    await end('tried');
    expect(posts.slice(1)).toEqual([['had'], ['had too'], ['tried', 'tried too', 'a'], ['b']]);
  });

  test('one that shares no request goes alone, and holds up nobody', async () => {
    const { posts, enter } = startGate({ ...ofThree, maxRequests: 8 });
    enter('a');
    enter('alone', { isAlone: true });
    enter('b');
    enter('c');
    await settled();
    expect(posts).toEqual([['a'], ['alone'], ['b', 'c']]);
  });

  test('a connection that is not quick goes alone: the others do not wait for its answer', async () => {
    const { clock, posts, enter, end } = startGate({ ...ofThree, maxRequests: 8 });
    enter('slow');
    await clock.advance(1_000);
    await end('slow');
    for (const name of ['a', 'slow', 'b']) enter(name);
    await settled();
    expect(posts.slice(1)).toEqual([['a', 'b'], ['slow']]);
  });

  test('nor do they go with it where it begins aside while they wait', async () => {
    const { clock, posts, enter, end } = startGate({ ...ofThree, maxRequests: 1 });
    enter('slow');
    await clock.advance(1_000);
    await end('slow');
    enter('running');
    await settled();
    for (const name of ['a', 'slow', 'b']) enter(name);
    await settled();
    expect(posts.slice(1)).toEqual([['running'], ['slow']]);
    await end('running');
    expect(posts.slice(3)).toEqual([['a', 'b']]);
  });

  test('after one that took long each of its connections goes alone, until it is quick again', async () => {
    const { clock, posts, enter, end } = startGate({ ...ofThree, maxRequests: 8 });
    for (const name of ['a', 'b']) enter(name);
    await clock.advance(1_000);
    await end('a');
    for (const name of ['a', 'b']) enter(name);
    await settled();
    expect(posts.slice(1)).toEqual([['a'], ['b']]);
    await end('a');
    await end('b');
    for (const name of ['a', 'b']) enter(name);
    await settled();
    expect(posts.slice(3)).toEqual([['a', 'b']]);
  });

  test('those that wait when the gate stops are told, and nothing more goes out', async () => {
    const { gate, posts, denied, enter } = startGate(ofThree);
    for (const name of names(2)) enter(name);
    gate.stop();
    await settled();
    expect(posts).toEqual([]);
    expect(denied).toEqual([
      ['0', 'stopped'],
      ['1', 'stopped'],
    ]);
  });
});

describe('an outage, where the backend takes several events in one request', () => {
  test('a request that did not get through counts once, however many it brought', async () => {
    const { gate, posts, enter, end } = startGate({ ...ofThree, maxRequests: 8 });
    for (const name of names(6)) enter(name);
    await settled();
    expect(posts).toHaveLength(2);
    await end('0', unreachable);
    expect(gate.isDown).toBe(false);
    await end('3', unreachable);
    expect(gate.isDown).toBe(true);
  });

  test('one that was answered with a failure counts once as well', async () => {
    const { gate, enter, end } = startGate({
      batch: () => ({ maxEvents: 6, maxBytes: 10 }),
      maxRequests: 8,
    });
    for (const name of names(6)) enter(name);
    await settled();
    await end('0', status);
    expect(gate.isDown).toBe(false);
  });

  test('while it is down one event at a time looks whether it is back; then each slot brings several', async () => {
    const { clock, posts, enter, end } = await startDownGate({ ...ofThree, maxRequests: 16 });
    posts.length = 0;
    for (const name of names(12)) enter(name);
    await clock.advance(100);
    expect(posts).toEqual([['0']]);
    await end('0');
    expect(posts.slice(1)).toEqual([['1', '2', '3']]);
    await end('1');
    expect(posts.slice(2)).toEqual([
      ['4', '5', '6'],
      ['7', '8', '9'],
    ]);
  });

  test('a request with several that is lost while it recovers takes it down again', async () => {
    const { gate, clock, enter, end } = await startDownGate({ ...ofThree, maxRequests: 16 });
    for (const name of names(4)) enter(name);
    await clock.advance(100);
    await end('0');
    expect(gate.isDown).toBe(false);
    await end('1', unreachable);
    expect(gate.isDown).toBe(true);
  });
});
