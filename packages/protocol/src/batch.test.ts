import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyJsonObject, anyText, anyTyped } from '../test/arbitrary-json.ts';
import { batchBody, decodeBatch, decodeBatchAnswer, maxBatchEvents } from './batch.ts';
import type { BodyEncoding } from './body.ts';
import type { Decoded } from './decoded.ts';
import { JsonText } from './json-text.ts';

const encodings: BodyEncoding[] = ['form', 'json'];

const valueOf = <T>(result: Decoded<T>): T => {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};

const anyFacts = fc.record(
  {
    id: fc.string({ minLength: 1 }),
    attempt: fc.integer({ min: 1, max: 1_000 }),
    message: anyTyped,
    connection: anyJsonObject,
    request: fc.nat(),
    reason: anyText.map((text) => text.toWellFormed()),
    traceparent: fc.string(),
  },
  { requiredKeys: ['id', 'attempt', 'message', 'connection'] },
);

const bodyOf = (encoding: BodyEncoding, events: readonly { message: unknown; connection: unknown }[]) =>
  batchBody(
    encoding,
    events.map(({ message, connection, ...facts }) => ({
      ...(facts as { id: string; attempt: number }),
      messageJson: JSON.stringify(message),
      connection: new JsonText(JSON.stringify(connection)),
    })),
  );

test.each(encodings)('every batch comes back as it was, in %s', (encoding) => {
  fc.assert(
    fc.property(fc.array(anyFacts, { minLength: 1, maxLength: 4 }), (events) => {
      const batch = valueOf(decodeBatch(bodyOf(encoding, events)));
      expect(batch.events).toEqual(events);
      expect(JSON.parse(JSON.stringify(batch.events))).toEqual(JSON.parse(JSON.stringify(events)));
    }),
    { numRuns: 300 },
  );
});

test('what is not there is no field, and numbers stay as the client wrote them', () => {
  const { text } = batchBody('json', [
    {
      id: 'k-1',
      attempt: 1,
      messageJson: '{"type":"a","n":12345678901234567890}',
      connection: new JsonText('{}'),
    },
  ]);
  expect(text).toBe(
    '{"events":[{"id":"k-1","attempt":1,"message":{"type":"a","n":12345678901234567890},"connection":{}}]}',
  );
});

const form = (events: string) => ({ contentType: '', text: `events=${encodeURIComponent(events)}` });
const event = '{"id":"k-1","attempt":1,"message":{"type":"x"},"connection":{}}';

test.each([
  ['no field `events`', { contentType: '', text: 'message={}&connection={}' }, ['events']],
  ['no list', form('{}'), ['events']],
  ['no event at all', form('[]'), ['events']],
  [
    'too many events',
    form(
      `[${Array(maxBatchEvents + 1)
        .fill(event)
        .join(',')}]`,
    ),
    ['events'],
  ],
  [
    'an event without id',
    form('[{"attempt":1,"message":{"type":"x"},"connection":{}}]'),
    ['events', 0, 'id'],
  ],
  [
    'an event without type',
    form(`[${event},{"id":"k","attempt":1,"message":{},"connection":{}}]`),
    ['events', 1, 'message', 'type'],
  ],
  [
    'a connection that is a list',
    form('[{"id":"k","attempt":1,"message":{"type":"x"},"connection":[]}]'),
    ['events', 0, 'connection'],
  ],
  [
    'a request that is no number',
    form('[{"id":"k","attempt":1,"request":"1","message":{"type":"x"},"connection":{}}]'),
    ['events', 0, 'request'],
  ],
])('a body with %s is refused, with the place', (_what, body, path) => {
  const result = decodeBatch(body);
  expect(result.ok).toBe(false);
  if (!result.ok) expect(result.error.issues[0]?.path).toEqual(path);
});

test.each(['', 'x', '{"events":', '[]', 'null', '1'])('the JSON body %j is refused', (text) => {
  expect(decodeBatch({ contentType: 'application/json', text }).ok).toBe(false);
  expect(decodeBatch({ contentType: 'text/plain', text }).ok).toBe(false);
});

test('an answer is a list of lists and nulls, as long as the batch', () => {
  expect(valueOf(decodeBatchAnswer('[[],null,[{"type":"close"}]]', 3))).toEqual([
    [],
    null,
    [{ type: 'close' }],
  ]);
});

test.each([
  ['nothing', ''],
  ['a page', '<html>'],
  ['an object', '{}'],
  ['null', 'null'],
  ['an empty list', '[]'],
  ['too few', '[[]]'],
  ['too many', '[[],[],[]]'],
  ['a command among lists', '[[],{"type":"close"}]'],
  ['false among lists', '[false,[]]'],
  ['the commands of one event', '[{"type":"log","text":"a"},{"type":"log","text":"b"}]'],
])('an answer of %s to two events is refused', (_what, text) => {
  const result = decodeBatchAnswer(text, 2);
  expect(result.ok).toBe(false);
  if (!result.ok && text.startsWith('[')) expect(result.error.message).toContain('expected a list of 2');
});

test('whatever is answered: never a throw, and what is taken fits', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), anyText), fc.nat({ max: 4 }), (text, events) => {
      const result = decodeBatchAnswer(text, events);
      if (!result.ok) {
        expect(result.error.message).toMatch(/^The answer is /);
        return;
      }
      expect(result.value).toHaveLength(events);
      for (const answer of result.value) expect(answer === null || Array.isArray(answer)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
