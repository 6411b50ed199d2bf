import * as fc from 'fast-check';
import { createHmac, randomUUID } from 'node:crypto';
import { Crowd } from '../crowd.ts';
import { type HttpAnswer, HttpClient } from '../http-client.ts';
import { weighted } from '../inputs/weighted.ts';
import { parsed } from '../parsed.ts';
import { defineProperty } from '../property.ts';

/** Two, as while one takes over from the other; and one that the broker does not know. */
const keys = [1, 2, 3].map((fill) => Buffer.alloc(32, fill));
const known = keys.slice(0, 2);
const secrets = known.map((key) => `whsec_${key.toString('base64')}`);

const toleranceSeconds = 300;
const maxSignatures = 16;

interface Signed {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly body: string;
}

type Field = keyof Signed;

/** A change of what was signed, or of the signature. */
interface Change {
  readonly field: Field;
  readonly kind: 'drop' | 'replace' | 'insert' | 'empty' | 'case' | 'before' | 'after';
  readonly place: number;
  readonly text: string;
}

interface SignaturesInput {
  readonly key: number;
  readonly aheadSeconds: number;
  readonly hasBoth: boolean;
  readonly changes: readonly Change[];
  readonly isRepeated: boolean;
}

const tokenOf = (key: Buffer, { id, timestamp, body }: Pick<Signed, 'id' | 'timestamp' | 'body'>): string =>
  `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;

const changed = (text: string, { kind, place, text: other }: Change): string => {
  const at = Math.floor(place * text.length);
  switch (kind) {
    case 'drop':
      return text.slice(0, at) + text.slice(at + 1);
    case 'replace':
      return text.slice(0, at) + other + text.slice(at + 1);
    case 'insert':
      return text.slice(0, at) + other + text.slice(at);
    case 'empty':
      return '';
    case 'case':
      return text.slice(0, at) + text.slice(at).toUpperCase();
    case 'before':
      return `${other} ${text}`;
    case 'after':
      return `${text} ${other}`;
  }
};

/** Whether this may run, by Standard Webhooks and the broker's own bounds; another reader than the broker's. */
const isRight = ({ id, timestamp, signature, body }: Signed, nowSeconds: number): boolean => {
  if (!/^[!-~]{1,256}$/.test(id) || id.includes('.') || !/^(0|[1-9]\d{0,11})$/.test(timestamp)) return false;
  if (Math.abs(Number(timestamp) - nowSeconds) > toleranceSeconds) return false;
  const given = signature.split(' ').slice(0, maxSignatures);
  return known.some((key) => given.includes(tokenOf(key, { id, timestamp, body })));
};

const change: fc.Arbitrary<Change> = fc.record({
  field: fc.constantFrom('id', 'timestamp', 'signature', 'signature', 'body'),
  kind: fc.constantFrom('drop', 'replace', 'insert', 'empty', 'case', 'before', 'after'),
  place: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  text: fc.oneof(
    fc.stringMatching(/^[ -~]$/),
    fc.constantFrom(
      'v1,',
      'v1a,x',
      'v2,x',
      ',',
      '.',
      '0',
      '+',
      'e9',
      '__proto__',
      'v1, v1,'.repeat(10),
      'x'.repeat(300),
    ),
  ),
});

const errorCodes: Readonly<Record<number, string>> = { 401: 'bad-signature', 409: 'replayed' };

const errorCodeOf = ({ text }: HttpAnswer): unknown =>
  (parsed(text) as { error?: { code?: unknown } } | undefined)?.error?.code;

/** Signs, POSTs, and looks at what has come of that. */
class Signer implements Disposable {
  readonly #http = new HttpClient();
  readonly #port: number;
  /** Another signer's ids were taken already. */
  readonly #prefix = randomUUID();
  #made = 0;

  constructor(port: number) {
    this.#port = port;
  }

  make(key: Buffer, aheadSeconds: number, body: (id: string) => string): Signed {
    this.#made += 1;
    const id = `${this.#prefix}-${this.#made}`;
    const timestamp = String(Math.floor(Date.now() / 1_000) + aheadSeconds);
    return { id, timestamp, body: body(id), signature: tokenOf(key, { id, timestamp, body: body(id) }) };
  }

  post({ id, timestamp, signature, body }: Signed): Promise<HttpAnswer> {
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    };
    return this.#http.post({ port: this.#port, headers, chunks: [Buffer.from(body)] });
  }

  /** Whether a command with this mark has run. */
  async hasRun(mark: string): Promise<boolean> {
    const [key = Buffer.alloc(0)] = keys;
    const list = await this.post(this.make(key, 0, () => '[{"type":"list","fields":["mark"]}]'));
    if (list.status !== 200) throw new Error(`a right request was refused: ${list.text}`);
    return list.text.includes(JSON.stringify(mark));
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }
}

export const signatures = defineProperty<SignaturesInput>({
  name: 'signatures',
  title:
    'commands run when they are signed with a known secret, now, and for the first time; else nothing runs',
  cases: { full: 5_000, short: 200 },
  options: { secret: secrets },
  input: fc.record({
    key: fc.oneof(weighted(6, fc.nat({ max: 1 })), weighted(1, fc.constant(2))),
    // Not at the edge: the clock goes on meanwhile.
    aheadSeconds: fc.oneof(
      weighted(6, fc.integer({ min: -250, max: 250 })),
      weighted(1, fc.constantFrom(-1e9, -400, -330, 330, 400, 1e9)),
    ),
    hasBoth: fc.boolean(),
    changes: fc.oneof(
      weighted(1, fc.constant([])),
      weighted(3, fc.array(change, { minLength: 1, maxLength: 2 })),
    ),
    isRepeated: fc.boolean(),
  }),
  begin: async ({ broker }) => {
    const signer = new Signer(broker.port);
    const crowd = new Crowd(broker.port, ['who=fuzz']);
    return {
      async check({ key, aheadSeconds, hasBoth, changes, isRepeated }) {
        await crowd.gather();
        const signed = signer.make(
          keys[key] ?? Buffer.alloc(0),
          aheadSeconds,
          (id) => `[{"type":"session","match":{},"data":{"mark":"${id}"}}]`,
        );
        const mark = signed.id;
        const unknown = keys[2] ?? Buffer.alloc(0);
        const start = hasBoth
          ? { ...signed, signature: `${tokenOf(unknown, signed)} ${signed.signature}` }
          : signed;
        const sent = changes.reduce(
          (so, each) => ({ ...so, [each.field]: changed(so[each.field], each) }),
          start,
        );
        // What stands around the value of a header is no part of it.
        const seen = {
          ...sent,
          id: sent.id.trim(),
          timestamp: sent.timestamp.trim(),
          signature: sent.signature.trim(),
        };
        const mayRun = isRight(seen, Date.now() / 1_000);
        const answer = await signer.post(sent);
        const isTaken = answer.status === 200 || answer.status === 400;
        if (isTaken !== mayRun)
          throw new Error(`${mayRun ? 'refused' : 'taken'}: ${answer.status} ${answer.text}`);
        if (!isTaken && errorCodeOf(answer) !== errorCodes[answer.status])
          throw new Error(`${answer.status} ${answer.text}`);
        if ((await signer.hasRun(mark)) !== (answer.status === 200 && sent.body.includes(mark))) {
          throw new Error(`${answer.status}, and the command has ${answer.status === 200 ? 'not ' : ''}run`);
        }
        if (!isRepeated || !mayRun) return;
        const again = await signer.post(sent);
        if (again.status !== 409 || errorCodeOf(again) !== 'replayed')
          throw new Error(`taken twice: ${again.status}`);
      },
      async [Symbol.asyncDispose]() {
        signer[Symbol.dispose]();
        crowd[Symbol.dispose]();
      },
    };
  },
});
