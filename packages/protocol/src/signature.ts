/**
 * Signatures of Standard Webhooks (https://www.standardwebhooks.com), version `v1`: HMAC-SHA256 over
 * `<id>.<timestamp>.<body>`. They need `node:crypto`, and so are an entry of their own that no browser loads.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** What a request is signed with, as its headers came: `webhook-id`, `webhook-timestamp`, `webhook-signature`. */
export interface SignatureHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

/** A key that shows its bytes to nobody, and is made ready once: each signature then costs a fifth. */
class Key {
  readonly #key: KeyObject;

  constructor(bytes: Uint8Array) {
    this.#key = createSecretKey(bytes);
  }

  /** @param head What is signed before the body: `<id>.<timestamp>.` */
  signatureOf(head: string, body: Uint8Array | string): string {
    return `v1,${createHmac('sha256', this.#key).update(head).update(body).digest('base64')}`;
  }
}
export type SignatureKey = Key;

/** What to sign. */
export interface Unsigned {
  /** 1 to 256 visible ASCII characters without a dot, which parts it from what follows. */
  readonly id: string;
  readonly timestampSeconds: number;
  /** As it goes over the wire. */
  readonly body: Uint8Array | string;
}

/**
 * - `missing`: one of the three headers is not there
 * - `stale`, `future`: signed more than {@link toleranceSeconds} ago, or ahead
 * - `wrong`: no signature in it is of these keys over this body, or a header is malformed
 */
export type SignatureVerdict = 'ok' | 'missing' | 'stale' | 'future' | 'wrong';

/** How far the clocks of the two sides may be apart. */
export const toleranceSeconds = 300;

const secretPattern = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const minKeyBytes = 24;
const maxKeyBytes = 64;
const idPattern = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
const timestampPattern = /^(?:0|[1-9]\d{0,11})$/;
/** A sender has one for each key, and a few of other versions; each costs a comparison. */
const maxSignatures = 16;

/**
 * The key in a secret such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`.
 *
 * @throws {TypeError} which does not hold the secret.
 */
export const readSecret = (text: string): SignatureKey => {
  const [, base64] = (typeof text === 'string' && secretPattern.exec(text)) || [];
  if (base64 !== undefined) {
    const bytes = Buffer.from(base64, 'base64');
    // Base64 with no padding, or with stray bits in its end, is a key here and an error in other languages.
    const isWhole = bytes.toString('base64') === base64;
    if (isWhole && bytes.length >= minKeyBytes && bytes.length <= maxKeyBytes) return new Key(bytes);
  }
  throw new TypeError(
    `the secret is not usable: expected "whsec_" and ${minKeyBytes} to ${maxKeyBytes} random bytes in base64, such as \`echo "whsec_$(openssl rand -base64 32)"\` gives`,
  );
};

/**
 * The header `webhook-signature`: one signature for each key.
 *
 * @throws {TypeError} where the id or the timestamp is one that {@link verify} would refuse.
 * @example
 * const keys = [readSecret(process.env.WSBROKER_SECRET)];
 * const signature = sign(keys, { id: 'a1', timestampSeconds: Math.floor(Date.now() / 1000), body });
 */
export const sign = (keys: readonly SignatureKey[], { id, timestampSeconds, body }: Unsigned): string => {
  const timestamp = String(timestampSeconds);
  if (!idPattern.test(id)) {
    throw new TypeError(
      `the id ${JSON.stringify(id)} cannot be signed: expected 1 to 256 visible ASCII characters without a dot`,
    );
  }
  if (!timestampPattern.test(timestamp)) {
    throw new TypeError(`the timestamp ${timestamp} cannot be signed: expected whole seconds since 1970`);
  }
  return keys.map((key) => key.signatureOf(`${id}.${timestamp}.`, body)).join(' ');
};

/** What can be said without the body: it may still be `wrong` when this is `ok`. */
export const verifyHead = (
  { id, timestamp, signature }: SignatureHeaders,
  nowSeconds: number,
): SignatureVerdict => {
  if (!id || !timestamp || !signature) return 'missing';
  if (!idPattern.test(id) || !timestampPattern.test(timestamp)) return 'wrong';
  const aheadSeconds = Number(timestamp) - Math.floor(nowSeconds);
  if (aheadSeconds < -toleranceSeconds) return 'stale';
  return aheadSeconds > toleranceSeconds ? 'future' : 'ok';
};

/**
 * Whether a request is signed with one of these keys, at about this time. It does not know whether it came before:
 * the id is there for that.
 *
 * @example
 * const verdict = verify(keys, { id, timestamp, signature, body }, Date.now() / 1000);
 */
export const verify = (
  keys: readonly SignatureKey[],
  { body, ...headers }: SignatureHeaders & { readonly body: Uint8Array | string },
  nowSeconds: number,
): SignatureVerdict => {
  const head = verifyHead(headers, nowSeconds);
  const { id, timestamp, signature } = headers;
  if (head !== 'ok' || !id || !timestamp || !signature) return head;
  // Those of other versions begin otherwise, and so are never the one.
  const given = signature.split(' ', maxSignatures).map((part) => Buffer.from(part));
  const isRight = keys.some((key) => {
    const expected = Buffer.from(key.signatureOf(`${id}.${timestamp}.`, body));
    // The length is no secret; the bytes are compared in a time that does not depend on them.
    return given.some((part) => part.length === expected.length && timingSafeEqual(part, expected));
  });
  return isRight ? 'ok' : 'wrong';
};

/** For people: what was wrong with a request, and what would be right. */
export const explainVerdict = (
  verdict: Exclude<SignatureVerdict, 'ok'>,
  { id, timestamp }: SignatureHeaders,
  nowSeconds: number,
): string => {
  switch (verdict) {
    case 'missing':
      return 'It is not signed: expected the headers webhook-id, webhook-timestamp and webhook-signature, made with the secret that both sides have.';
    case 'stale':
    case 'future': {
      const seconds = Math.abs(Number(timestamp) - Math.floor(nowSeconds));
      const where = verdict === 'stale' ? 'behind' : 'ahead of';
      return `Its webhook-timestamp is ${seconds} seconds ${where} the clock here: expected at most ${toleranceSeconds}. Is a clock wrong, or is it an old request?`;
    }
    case 'wrong':
      if (!idPattern.test(id ?? '')) {
        return 'Its webhook-id cannot be signed: expected 1 to 256 visible ASCII characters without a dot.';
      }
      if (!timestampPattern.test(timestamp ?? '')) {
        return 'Its webhook-timestamp is no time: expected whole seconds since 1970.';
      }
      return 'Its webhook-signature is not of this body: expected v1 signatures of "<id>.<timestamp>.<body>", over the bytes of the body as they are sent, with the secret that both sides have.';
  }
};
