import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { reasonOf } from './reason.ts';

test('is the message of an error, and its name when it has none', () => {
  expect(reasonOf(new TypeError('no room'))).toBe('no room');
  expect(reasonOf(new TypeError())).toBe('TypeError');
});

test('is what the errors inside say, when several addresses were tried', () => {
  const error = new AggregateError([
    new Error('ECONNREFUSED ::1:80'),
    new Error('ECONNREFUSED 127.0.0.1:80'),
  ]);
  expect(reasonOf(error)).toBe('ECONNREFUSED ::1:80, ECONNREFUSED 127.0.0.1:80');
});

test('is the text itself when a text was thrown, and else how the thing looks', () => {
  expect(reasonOf('boom')).toBe('boom');
  expect(reasonOf({ status: 503 })).toBe('{ status: 503 }');
  expect(reasonOf(undefined)).toBe('undefined');
});

class Hostile extends Error {
  override get message(): string {
    throw new Error('not even this');
  }
}

test.each([
  ['null', null],
  ['an object without a prototype', Object.create(null)],
  ['an error whose message throws', new Hostile()],
  ['an error whose message is no text', Object.assign(new Error('x'), { message: { a: 1 } })],
  ['a revoked proxy', revoked()],
])('never throws: %s', (_what, thrown: unknown) => {
  expect(typeof reasonOf(thrown)).toBe('string');
});

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

test('is a text, whatever was thrown', () => {
  fc.assert(
    fc.property(
      fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }),
      (thrown) => {
        expect(typeof reasonOf(thrown)).toBe('string');
      },
    ),
  );
});
