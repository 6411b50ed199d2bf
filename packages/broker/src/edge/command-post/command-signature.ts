import {
  explainVerdict,
  readSecret,
  type SignatureHeaders,
  type SignatureKey,
  type SignatureVerdict,
  toleranceSeconds,
  verify,
  verifyHead,
} from '@wsbroker/protocol/signature';
import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { CommandRefusal } from './command-refusal.ts';

/** A timestamp may be so much ahead, and is taken until its second is so much behind. */
const rememberedMs = (2 * toleranceSeconds + 1) * 1_000;
const maxRememberedIds = 1_000_000;
/** A longer id is remembered by its hash: a million of the longest would fill the heap. */
const maxIdLength = 64;

/**
 * Whether command POSTs are signed with the secret, at about this time, and come for the first time.
 *
 * An id is remembered only after a right signature: whoever has no secret can neither fill the memory nor use up
 * somebody else's id.
 */
export class CommandSignatures {
  readonly #keys: readonly SignatureKey[];
  readonly #now: () => number;
  readonly #maxIds: number;
  /** When each may be forgotten, oldest first. */
  readonly #seen = new Map<string, number>();

  /**
   * @param now Milliseconds since 1970.
   * @throws {TypeError} where a secret is not usable.
   */
  constructor(secrets: readonly string[], now: () => number = Date.now, maxIds = maxRememberedIds) {
    this.#keys = secrets.map(readSecret);
    this.#now = now;
    this.#maxIds = maxIds;
  }

  /** Decided before a byte of the body is read. */
  refusalOfHead(headers: IncomingHttpHeaders): CommandRefusal | undefined {
    const signed = signatureHeadersOf(headers);
    const nowMs = this.#now();
    return (
      refusalFor(verifyHead(signed, nowMs / 1_000), signed, nowMs) ??
      this.#refusalOfId(signed.id ?? '', nowMs)
    );
  }

  /** Decided on the bytes as they came. When it refuses nothing, the same request is refused from now on. */
  refusalOf(headers: IncomingHttpHeaders, body: Buffer): CommandRefusal | undefined {
    const signed = signatureHeadersOf(headers);
    const id = signed.id ?? '';
    const nowMs = this.#now();
    const refusal =
      refusalFor(verify(this.#keys, { ...signed, body }, nowMs / 1_000), signed, nowMs) ??
      // Once more: the same request may have come twice at a time.
      this.#refusalOfId(id, nowMs);
    if (refusal) return refusal;
    this.#seen.set(rememberedAs(id), nowMs + rememberedMs);
    return undefined;
  }

  #refusalOfId(id: string, nowMs: number): CommandRefusal | undefined {
    this.#forget(nowMs);
    if (this.#seen.has(rememberedAs(id))) {
      return {
        status: 409,
        code: 'replayed',
        message: `The webhook-id ${id} was taken before: expected a new one for each command POST.`,
      };
    }
    if (this.#seen.size < this.#maxIds) return undefined;
    return {
      status: 503,
      code: 'busy',
      message: `There were ${this.#maxIds} command POSTs in ${Math.floor(rememberedMs / 60_000)} minutes, and no more ids can be remembered: send several commands in one POST.`,
    };
  }

  #forget(nowMs: number): void {
    for (const [id, untilMs] of this.#seen) {
      if (untilMs > nowMs) return;
      this.#seen.delete(id);
    }
  }
}

const refusalFor = (
  verdict: SignatureVerdict,
  signed: SignatureHeaders,
  nowMs: number,
): CommandRefusal | undefined => {
  if (verdict === 'ok') return undefined;
  const why = explainVerdict(verdict, signed, nowMs / 1_000);
  return { status: 401, code: 'bad-signature', message: `The command POST is refused. ${why}` };
};

/** No id has a dot, so no id is somebody else's hash. */
const rememberedAs = (id: string): string =>
  id.length <= maxIdLength ? id : `.${hash('sha256', id, 'base64')}`;

const signatureHeadersOf = (headers: IncomingHttpHeaders): SignatureHeaders => ({
  id: single(headers['webhook-id']),
  timestamp: single(headers['webhook-timestamp']),
  signature: single(headers['webhook-signature']),
});

/** Node joins a header that came twice with a comma, which makes all three of these wrong. */
const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;
