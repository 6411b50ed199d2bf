/** Changes of a journal by chance, of few connections and events, so that they meet. */
import * as fc from 'fast-check';
import type { JournalChange } from '../src/delivery/journal/journal.ts';

const keys = fc.constantFrom('a', 'b', 'c');
const numbers = fc.integer({ min: 1, max: 5 });
const texts = fc.string({ unit: 'grapheme', maxLength: 20 });
const deadLetter = fc.record({
  kind: fc.constant('dead-letter' as const),
  wskey: keys,
  number: numbers,
  why: texts,
});

/** Any change but a dead letter. */
export const loggedChange: fc.Arbitrary<JournalChange> = fc.oneof(
  fc.record({
    kind: fc.constant('open' as const),
    wskey: keys,
    sessionInfo: texts,
    tokenHashes: fc.array(texts, { maxLength: 2 }),
    fingerprint: texts,
    lastEvent: fc.integer({ min: 0, max: 3 }),
    received: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record(
    {
      kind: fc.constant('event' as const),
      wskey: keys,
      number: numbers,
      type: texts,
      json: texts,
      happenedAtMs: fc.nat(),
      message: numbers,
      request: numbers,
      reason: texts,
    },
    { requiredKeys: ['kind', 'wskey', 'number', 'type', 'json', 'happenedAtMs'] },
  ),
  fc.record({ kind: fc.constant('received' as const), wskey: keys, received: numbers }),
  fc.record({ kind: fc.constant('delivered' as const), wskey: keys, number: numbers }),
  fc.record({
    kind: fc.constant('failed' as const),
    wskey: keys,
    message: numbers,
    code: texts,
    text: texts,
  }),
  fc.record({ kind: fc.constant('session' as const), wskey: keys, sessionInfo: texts }),
  fc.record({ kind: fc.constant('tokens' as const), wskey: keys, tokenHashes: fc.array(texts) }),
  fc.record({ kind: fc.constant('end' as const), wskey: keys }),
);

export const anyChange: fc.Arbitrary<JournalChange> = fc.oneof(
  { weight: 8, arbitrary: loggedChange },
  { weight: 1, arbitrary: deadLetter },
);
