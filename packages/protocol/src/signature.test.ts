import * as fc from 'fast-check';
import { createHmac, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { explainVerdict, readSecret, sign, verify, verifyHead } from './signature.ts';

const secretOf = (bytes: Uint8Array): string => `whsec_${Buffer.from(bytes).toString('base64')}`;
const secret = secretOf(Buffer.from('0123456789abcdefghijklmnopqrstuv'));
const other = secretOf(Buffer.from('vutsrqponmlkjihgfedcba9876543210'));
const key = readSecret(secret);
const otherKey = readSecret(other);

const at = 1_800_000_000;
const body = '{"text":"grüß dich 👋"}';
const signed = (keys = [key], changes: { id?: string; timestampSeconds?: number; body?: string } = {}) => {
  const unsigned = { id: 'k1-1', timestampSeconds: at, body, ...changes };
  return {
    id: unsigned.id,
    timestamp: String(unsigned.timestampSeconds),
    signature: sign(keys, unsigned),
    body: unsigned.body,
  };
};

const secrets = fc.uint8Array({ minLength: 24, maxLength: 64 }).map(secretOf);
const ids = fc.stringMatching(/^[\x21-\x2d\x2f-\x7e]{1,256}$/);
const bodies = fc.oneof(fc.string(), fc.string({ unit: 'binary' }));

describe('readSecret', () => {
  test('makes a key of the bytes in base64 after whsec_', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), (bytes) => {
        const { signature } = signed([readSecret(secretOf(bytes))]);
        const hmac = createHmac('sha256', bytes).update(`k1-1.${at}.${body}`).digest('base64');
        expect(signature).toBe(`v1,${hmac}`);
      }),
    );
  });

  test.each([
    ['empty', ''],
    ['nothing after whsec_', 'whsec_'],
    ['no whsec_', secret.slice('whsec_'.length)],
    ['another prefix', secret.replace('whsec_', 'whpk_')],
    ['23 bytes', secretOf(randomBytes(23))],
    ['65 bytes', secretOf(randomBytes(65))],
    ['no padding', secret.replace('=', '')],
    ['too much padding', `${secret}=`],
    ['stray bits at the end', secretOf(Buffer.alloc(25)).replace(/A==$/, 'B==')],
    ['base64url', secretOf(Buffer.alloc(32, 0xfb)).replaceAll('+', '-')],
    ['a line end', `${secret}\n`],
    ['a space in front', ` ${secret}`],
    ['no text', 7],
    ['nothing', undefined],
  ])('throws a TypeError that does not hold the secret: %s', (_name, text) => {
    let error: unknown;
    try {
      readSecret(text as string);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TypeError);
    const { message } = error as TypeError;
    expect(message).toContain('expected "whsec_" and 24 to 64 random bytes in base64');
    const [longest = ''] = String(text ?? '').match(/[^_\s]{8,}/g) ?? [];
    if (longest !== '') expect(message).not.toContain(longest);
  });
});

test('a key shows its bytes to nobody', () => {
  expect(inspect(key, { showHidden: true, depth: 9 })).toBe('Key {}');
  expect(JSON.stringify({ key })).toBe('{"key":{}}');
});

describe('with the package standardwebhooks', () => {
  const webhookHeaders = ({ id, timestamp, signature }: ReturnType<typeof signed>) => ({
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  });

  test('ours are verified by it', () => {
    const now = Math.floor(Date.now() / 1_000);
    fc.assert(
      fc.property(secrets, ids, fc.string({ unit: 'grapheme' }), (text, id, ofBody) => {
        const request = signed([readSecret(text)], { id, timestampSeconds: now, body: ofBody });
        new Webhook(text).verify(ofBody, webhookHeaders(request), { jsonParse: false });
      }),
    );
  });

  test('its own are verified by ours', () => {
    fc.assert(
      fc.property(secrets, ids, fc.string({ unit: 'grapheme' }), (text, id, ofBody) => {
        const signature = new Webhook(text).sign(id, new Date(at * 1_000), ofBody);
        const request = { id, timestamp: String(at), signature, body: ofBody };
        expect(verify([readSecret(text)], request, at)).toBe('ok');
      }),
    );
  });

  test('it verifies with either secret what is signed with two', () => {
    const now = Math.floor(Date.now() / 1_000);
    const request = signed([key, otherKey], { timestampSeconds: now });
    for (const text of [secret, other]) {
      expect(new Webhook(text).verify(body, webhookHeaders(request))).toEqual(JSON.parse(body));
    }
    const wrong = new Webhook(secretOf(randomBytes(32)));
    expect(() => wrong.verify(body, webhookHeaders(request))).toThrow('No matching signature');
  });
});

describe('sign and verify', () => {
  test('what is signed is verified, as text and as bytes', () => {
    fc.assert(
      fc.property(secrets, ids, bodies, (text, id, ofBody) => {
        const keys = [readSecret(text)];
        const bytes = Buffer.from(ofBody);
        const asText = signed(keys, { id, body: ofBody });
        expect(sign(keys, { id, timestampSeconds: at, body: bytes })).toBe(asText.signature);
        expect(verify(keys, asText, at)).toBe('ok');
        expect(verify(keys, { ...asText, body: bytes }, at)).toBe('ok');
      }),
    );
  });

  test('bytes that are no UTF-8 are signed as they are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const signature = sign([key], { id: 'a', timestampSeconds: at, body: bytes });
        expect(verify([key], { id: 'a', timestamp: String(at), signature, body: bytes }, at)).toBe('ok');
      }),
    );
    const [one, two] = [Buffer.of(0xff), Buffer.of(0xfe)];
    const signature = sign([key], { id: 'a', timestampSeconds: at, body: one });
    expect(verify([key], { id: 'a', timestamp: String(at), signature, body: two }, at)).toBe('wrong');
  });

  test('any change of any part is found', () => {
    const flipped = (text: string, place: number): string => {
      const index = place % text.length;
      return `${text.slice(0, index)}${text[index] === 'x' ? 'y' : 'x'}${text.slice(index + 1)}`;
    };
    fc.assert(
      fc.property(
        fc.constantFrom('id' as const, 'signature' as const, 'body' as const),
        fc.nat({ max: 200 }),
        (part, place) => {
          const request = signed();
          const changed = { ...request, [part]: flipped(request[part], place) };
          expect(verify([key], changed, at)).toBe('wrong');
        },
      ),
    );
    expect(verify([key], { ...signed(), timestamp: String(at + 1) }, at)).toBe('wrong');
  });

  test('whatever the headers hold, nothing throws and nothing is right by chance', () => {
    const header = fc.option(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...Object.values(signed()))),
      {
        nil: undefined,
      },
    );
    fc.assert(
      fc.property(header, header, header, bodies, (id, timestamp, signature, ofBody) => {
        const verdict = verify([key], { id, timestamp, signature, body: ofBody }, at);
        if (verdict === 'ok') expect({ id, timestamp, signature, body: ofBody }).toEqual(signed());
        else expect(explainVerdict(verdict, { id, timestamp, signature }, at)).toContain('expected');
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['empty', ''],
    ['only the version', 'v1,'],
    ['another version of the right signature', signed().signature.replace('v1,', 'v1a,')],
    ['a version that begins alike', signed().signature.replace('v1,', 'v11,')],
    ['a capital version', signed().signature.replace('v1,', 'V1,')],
    ['truncated by one', signed().signature.slice(0, -1)],
    ['truncated to 8 characters', signed().signature.slice(0, 11)],
    ['longer by one', `${signed().signature}A`],
    ['without its padding', signed().signature.replace(/=+$/, '')],
    ['no version', signed().signature.slice(3)],
    ['with a comma in place of the space', `${signed([otherKey]).signature},${signed().signature}`],
    ['of another key', signed([otherKey]).signature],
    ['in hex', `v1,${Buffer.from(signed().signature.slice(3), 'base64').toString('hex')}`],
    ['very long', `v1,${'A'.repeat(1_000_000)}`],
  ])('a signature that is %s is refused', (_name, signature) => {
    const verdict = verify([key], { ...signed(), signature }, at);
    expect(verdict).toBe(signature === '' ? 'missing' : 'wrong');
  });

  test('a right signature among others is found, up to the sixteenth', () => {
    const { signature } = signed();
    const among = (others: number): string => `${'v1,AAAA '.repeat(others)}${signature}`;
    expect(verify([key], { ...signed(), signature: `v1a,xyz ${signature} v2,a` }, at)).toBe('ok');
    expect(verify([key], { ...signed(), signature: among(15) }, at)).toBe('ok');
    expect(verify([key], { ...signed(), signature: among(16) }, at)).toBe('wrong');
    expect(verify([key], { ...signed(), signature: among(100_000) }, at)).toBe('wrong');
  });

  test('P94: with two keys there are two signatures, and either key verifies', () => {
    const both = signed([key, otherKey]);
    expect(both.signature.split(' ')).toEqual([signed([key]).signature, signed([otherKey]).signature]);
    for (const keys of [[key], [otherKey], [otherKey, key]]) expect(verify(keys, both, at)).toBe('ok');
    expect(verify([otherKey, key], signed([key]), at)).toBe('ok');
    expect(verify([otherKey], signed([key]), at)).toBe('wrong');
    expect(verify([], both, at)).toBe('wrong');
  });

  test.each([
    [0, 'ok'],
    [299, 'ok'],
    [300, 'ok'],
    [300.999, 'ok'],
    [301, 'stale'],
    [86_400, 'stale'],
    [-300, 'ok'],
    [-301, 'future'],
    [-86_400, 'future'],
  ])('%d seconds after it was signed the verdict is %s', (seconds, verdict) => {
    expect(verify([key], signed(), at + seconds)).toBe(verdict);
    expect(verifyHead(signed(), at + seconds)).toBe(verdict);
  });

  test.each(['id', 'timestamp', 'signature'] as const)(
    'without the header of the %s it is missing',
    (part) => {
      for (const value of [undefined, '']) {
        expect(verify([key], { ...signed(), [part]: value }, at)).toBe('missing');
        expect(verifyHead({ ...signed(), [part]: value }, at)).toBe('missing');
      }
    },
  );

  test.each([
    '1800000000.0',
    '1.8e9',
    '0x6b49d200',
    ' 1800000000',
    '+1800000000',
    '01800000000',
    '-1',
    'NaN',
    '9'.repeat(13),
  ])('the timestamp %j is no time', (timestamp) => {
    expect(verify([key], { ...signed(), timestamp }, at)).toBe('wrong');
    expect(explainVerdict('wrong', { ...signed(), timestamp }, at)).toContain('whole seconds since 1970');
  });

  test.each([
    ['with a dot', 'a.b'],
    ['with a space', 'a b'],
    ['with a line end', 'a\nb'],
    ['that is not ASCII', 'ä'],
    ['of 257 characters', 'a'.repeat(257)],
  ])('an id %s is neither signed nor verified', (_name, id) => {
    expect(() => sign([key], { id, timestampSeconds: at, body })).toThrow(/^the id .* cannot be signed/);
    expect(verify([key], { ...signed(), id }, at)).toBe('wrong');
    expect(explainVerdict('wrong', { ...signed(), id }, at)).toContain('without a dot');
  });

  test.each([NaN, Infinity, -1, 1.5, 1e12])('the timestamp %d is not signed', (timestampSeconds) => {
    expect(() => sign([key], { id: 'a', timestampSeconds, body })).toThrow('whole seconds since 1970');
  });
});

test('an explanation says by how much a clock is off', () => {
  expect(explainVerdict('stale', signed(), at + 4_000)).toMatch(/4000 seconds behind .* at most 300/);
  expect(explainVerdict('future', signed(), at - 301)).toMatch(/301 seconds ahead of .* at most 300/);
});
