/** What the broker takes for the type is what other languages read, whatever a client writes. */
import { has } from '@wsbroker/testkit';
import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryMessageText, arbitraryTakenText } from '../../test/arbitrary-message.ts';
import { readClientMessage } from './client-message.ts';

const written = [
  '{"type":"a","text":"cut \\ud83d"}',
  '{"text":"\\ude00","\\ud83d":1}',
  '{"type":"a","id":12345678901234567890,"n":[1e400,-1e400,-0,0.1000,1e-999]}',
  '{"type":"a","__proto__":{"type":"b"},"n":[{"\\u005f_proto__":1}]}',
  '{"a":{"type":"session-connect","type":"b"},"":"\\u0000","\\u0000x":1}',
  ' { } ',
];

/** Events of messages that were taken, as texts. */
const events = [
  ...written,
  ...fc.sample(fc.oneof(arbitraryMessageText, arbitraryTakenText), { numRuns: 1_500, seed: 4 }),
].flatMap((text) => {
  const read = readClientMessage(text, 64);
  return read.ok ? [read] : [];
});

/** What a program prints that is given all events. */
const typesRead = (command: string, args: string[]): unknown => {
  const { stdout, stderr, status } = spawnSync(command, args, {
    input: JSON.stringify(events.map(({ eventJson }) => eventJson)),
    encoding: 'utf8',
  });
  expect([stderr, status]).toEqual(['', 0]);
  return JSON.parse(stdout) as unknown;
};

const expected = events.map(({ message: { type = 'message' } }) =>
  type.startsWith('client-') ? type : `client-${type}`,
);

test('there are enough of them', () => {
  expect(events.length).toBeGreaterThan(500);
});

test('JavaScript reads the type that the broker took', () => {
  expect(events.map(({ eventJson }) => (JSON.parse(eventJson) as { type: string }).type)).toEqual(expected);
});

test.skipIf(!has('php'))('PHP reads the type that the broker took', () => {
  const program = `
$types = [];
foreach (json_decode(stream_get_contents(STDIN)) as $event) {
  $types[] = json_decode($event, true)['type'] ?? json_last_error_msg();
}
print(json_encode($types));`;
  expect(typesRead('php', ['-r', program])).toEqual(expected);
});

test.skipIf(!has('python3'))(
  'Python reads the type that the broker took, whether it takes the first of two keys or the last, or ignores case',
  () => {
    const program = `
import json, sys
def first(pairs):
    found = {}
    for key, value in pairs:
        found.setdefault(key.lower(), value)
    return found
def last(pairs):
    return {key.lower(): value for key, value in pairs}
events = json.load(sys.stdin)
print(json.dumps([[json.loads(e)['type'], json.loads(e, object_pairs_hook=first)['type'], json.loads(e, object_pairs_hook=last)['type']] for e in events]))
# What is read can be written again.
for e in events:
    json.dumps(json.loads(e), ensure_ascii=False).encode('utf-8')
`;
    expect(typesRead('python3', ['-c', program])).toEqual(expected.map((type) => [type, type, type]));
  },
);
