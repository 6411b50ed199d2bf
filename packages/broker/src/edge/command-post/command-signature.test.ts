import * as fc from 'fast-check';
import { readSecret, sign } from '@wsbroker/protocol/signature';
import { expect, test } from 'vitest';
import { CommandSignatures } from './command-signature.ts';

const secretOf = (letter: string): string => `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`;
const [secret, newSecret, wrongSecret] = [secretOf('a'), secretOf('b'), secretOf('c')];

const startMs = 1_800_000_000_000;
const body = Buffer.from('[{"type":"log","text":"grüß dich"}]');

const signedAt = (timeMs: number, id = 'c1', secrets = [secret]) => {
  const timestampSeconds = Math.floor(timeMs / 1_000);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': sign(secrets.map(readSecret), { id, timestampSeconds, body }),
  };
};

/** Signatures whose clock stands still until it is moved. */
const signaturesAt = (options: { secrets?: readonly string[]; maxIds?: number } = {}) => {
  const clock = { ms: startMs };
  const { secrets = [secret], maxIds } = options;
  return { clock, signatures: new CommandSignatures(secrets, () => clock.ms, maxIds) };
};

test('what is signed rightly is taken, by its head and by its body', () => {
  const { signatures } = signaturesAt();
  expect(signatures.refusalOfHead(signedAt(startMs))).toBeUndefined();
  expect(signatures.refusalOf(signedAt(startMs), body)).toBeUndefined();
});

test('the same id is taken once, also when both came before either was read', () => {
  const { signatures } = signaturesAt();
  const headers = signedAt(startMs);
  expect(signatures.refusalOfHead(headers)).toBeUndefined();
  expect(signatures.refusalOfHead(headers)).toBeUndefined();
  expect(signatures.refusalOf(headers, body)).toBeUndefined();
  const replayed = { status: 409, code: 'replayed' };
  expect(signatures.refusalOf(headers, body)).toMatchObject(replayed);
  expect(signatures.refusalOfHead(headers)).toMatchObject(replayed);
  // Signed anew, it is still the same id.
  expect(signatures.refusalOfHead(signedAt(startMs + 1_000))).toMatchObject(replayed);
});

test('P98: an id is remembered only after a right signature', () => {
  const { signatures } = signaturesAt();
  const headers = signedAt(startMs);
  expect(signatures.refusalOf(signedAt(startMs, 'c1', [wrongSecret]), body)).toMatchObject({ status: 401 });
  expect(signatures.refusalOf(headers, Buffer.from('[]'))).toMatchObject({ status: 401 });
  expect(signatures.refusalOf(headers, body)).toBeUndefined();
});

test('the head alone is refused without headers, out of time, and with an id that cannot be', () => {
  const { signatures } = signaturesAt();
  const refused = { status: 401, code: 'bad-signature' };
  expect(signatures.refusalOfHead({})).toMatchObject({
    ...refused,
    message: expect.stringContaining('not signed') as string,
  });
  const stale = signatures.refusalOfHead(signedAt(startMs - 301_000));
  expect(stale).toMatchObject({ ...refused, message: expect.stringMatching(/301 seconds behind/) as string });
  const future = signatures.refusalOfHead(signedAt(startMs + 301_000));
  expect(future).toMatchObject({ ...refused, message: expect.stringMatching(/301 seconds ahead/) as string });
  for (const id of ['a.b', 'a, a', 'ä', 'x'.repeat(257)]) {
    expect(signatures.refusalOfHead({ ...signedAt(startMs), 'webhook-id': id })).toMatchObject(refused);
  }
  expect(signatures.refusalOfHead(signedAt(startMs - 300_000))).toBeUndefined();
  expect(signatures.refusalOfHead(signedAt(startMs + 300_000))).toBeUndefined();
});

test('whatever is signed with either of two secrets is taken, and with no other', () => {
  const { signatures } = signaturesAt({ secrets: [newSecret, secret] });
  expect(signatures.refusalOf(signedAt(startMs, 'a', [secret]), body)).toBeUndefined();
  expect(signatures.refusalOf(signedAt(startMs, 'b', [newSecret]), body)).toBeUndefined();
  expect(signatures.refusalOf(signedAt(startMs, 'c', [newSecret, secret]), body)).toBeUndefined();
  expect(signatures.refusalOf(signedAt(startMs, 'd', [wrongSecret]), body)).toMatchObject({ status: 401 });
});

test('P98: an id is forgotten, and never while its timestamp is still taken', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -300_000, max: 300_999 }),
      fc.integer({ min: 0, max: 999 }),
      fc.array(fc.integer({ min: 1, max: 700_000 }), { maxLength: 20 }),
      (aheadMs, offsetMs, waitsMs) => {
        const { clock, signatures } = signaturesAt();
        clock.ms += offsetMs;
        const headers = signedAt(Math.min(startMs + aheadMs, startMs + 300_000));
        expect(signatures.refusalOf(headers, body)).toBeUndefined();
        for (const waitMs of waitsMs) {
          clock.ms += waitMs;
          expect(signatures.refusalOfHead(headers)).toBeDefined();
          expect(signatures.refusalOf(headers, body)).toBeDefined();
        }
        clock.ms = startMs + offsetMs + 601_000;
        expect(signatures.refusalOf(signedAt(clock.ms), body)).toBeUndefined();
      },
    ),
  );
});

test('P98: so many ids are remembered; then it is busy, until the oldest may be forgotten', () => {
  const { clock, signatures } = signaturesAt({ maxIds: 3 });
  for (const id of ['a', 'b', 'c']) {
    expect(signatures.refusalOf(signedAt(clock.ms, id), body)).toBeUndefined();
    clock.ms += 1_000;
  }
  const busy = { status: 503, code: 'busy' };
  expect(signatures.refusalOfHead(signedAt(clock.ms, 'd'))).toMatchObject(busy);
  expect(signatures.refusalOf(signedAt(clock.ms, 'd'), body)).toMatchObject(busy);
  // Who has no secret is told nothing of it.
  expect(signatures.refusalOf(signedAt(clock.ms, 'd', [wrongSecret]), body)).toMatchObject({ status: 401 });
  expect(signatures.refusalOfHead(signedAt(clock.ms, 'a'))).toMatchObject({ code: 'replayed' });
  clock.ms = startMs + 601_000;
  expect(signatures.refusalOf(signedAt(clock.ms, 'd'), body)).toBeUndefined();
  expect(signatures.refusalOf(signedAt(clock.ms, 'e'), body)).toMatchObject(busy);
});

test('long ids are told apart, and remembered', () => {
  const { signatures } = signaturesAt();
  const long = 'x'.repeat(255);
  expect(signatures.refusalOf(signedAt(startMs, `${long}1`), body)).toBeUndefined();
  expect(signatures.refusalOf(signedAt(startMs, `${long}2`), body)).toBeUndefined();
  expect(signatures.refusalOf(signedAt(startMs, `${long}1`), body)).toMatchObject({ code: 'replayed' });
});

test('a secret that is not usable is refused at once, and not shown', () => {
  expect(() => new CommandSignatures([secret, 'whsec_c2hvcnQ='])).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('c2hvcnQ') as string }) as Error,
  );
});
