import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryJson, arbitraryMessageText } from '../../test/arbitrary-message.ts';
import {
  hasPlainKeys,
  type SlowJson,
  slowDepth,
  slowJson,
  slowKeys,
  slowTexts,
} from '../../test/slow-json.ts';
import { scanMessage } from './message-scan.ts';

const isSurrogateEscaped = (raw: string): boolean =>
  raw.match(/\\(?:u[\da-f]{4}|.)/gi)?.some((escape) => /^\\ud[89a-f]/i.test(escape)) ?? false;

/** The same as the scan says, from a reader that takes its time. */
const slowScan = (json: SlowJson) => {
  const top = json.kind === 'object' ? json.entries : [];
  const keys = top.map(([key]) => key);
  const value = top.findLast(([key]) => key.raw === 'type')?.[1];
  return {
    depth: slowDepth(json),
    types: keys.filter(({ raw }) => raw === 'type').length,
    misspelledType: keys.findLast(({ raw, value: key }) => raw !== 'type' && key.toLowerCase() === 'type')
      ?.raw,
    hasProto: slowKeys(json).some((key) => key.value === '__proto__'),
    hasSurrogateEscape: slowTexts(json).some(({ raw }) => isSurrogateEscaped(raw)),
    typeTextAt: value?.kind === 'text' ? value.at : undefined,
  };
};

test('says of every JSON text what a reader says that takes its time', () => {
  const seen = { types: 0, misspelled: 0, protos: 0, surrogates: 0 };
  fc.assert(
    fc.property(fc.oneof(arbitraryJson, arbitraryMessageText), (text) => {
      const json = slowJson(text);
      const { typeTextAt, ...expected } = slowScan(json);
      const { typeAt, ...scan } = scanMessage(text);
      expect(scan).toEqual(expected);
      if (typeTextAt !== undefined) expect(typeAt).toBe(typeTextAt);
      if (scan.types === 0) expect(typeAt).toBe(-1);
      seen.types += Number(scan.types > 1);
      seen.misspelled += Number(scan.misspelledType !== undefined);
      seen.protos += Number(scan.hasProto);
      seen.surrogates += Number(scan.hasSurrogateEscape);
    }),
    { numRuns: 4_000 },
  );
  // Each of these has to come up often enough to be tried.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
});

test('the reader that takes its time reads what JSON.parse does', () => {
  const plain = (json: SlowJson): unknown => {
    if (json.kind === 'text') return json.value;
    if (json.kind === 'other') return JSON.parse(json.raw) as unknown;
    if (json.kind === 'list') return json.items.map(plain);
    const entries = json.entries.map(([key, value]) => [key.value, plain(value)] as const);
    return Object.fromEntries(entries);
  };
  fc.assert(
    fc.property(arbitraryJson, (text) => {
      fc.pre(hasPlainKeys(slowJson(text)));
      expect(plain(slowJson(text))).toEqual(JSON.parse(text));
    }),
    { numRuns: 1_000 },
  );
});

const garbage = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[[\]{}":\\,tyTpeu0-9_ ]{0,60}$/),
  fc.tuple(arbitraryMessageText, fc.nat(), fc.nat()).map(([text, from, length]) => {
    const at = from % (text.length + 1);
    return text.slice(0, at) + text.slice(at + (length % 5));
  }),
);

test('never throws, whatever the text is', () => {
  fc.assert(
    fc.property(garbage, (text) => {
      const { depth, types } = scanMessage(text);
      expect(depth).toBeGreaterThanOrEqual(0);
      expect(types).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  ['a million brackets', '['.repeat(1_000_000)],
  ['a million quotes', '"'.repeat(1_000_000)],
  ['a million backslashes in a text', `"${'\\'.repeat(1_000_000)}`],
  ['spaces after many keys', `{${'"type"'.repeat(150_000)}${' '.repeat(100_000)}`],
])('looks at %s once', (_what, text) => {
  expect(scanMessage(text).types).toBe(0);
});
