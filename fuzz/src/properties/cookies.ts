import * as fc from 'fast-check';
import { isIP } from 'node:net';
import { CaseEvents } from '../case-events.ts';
import { weighted } from '../inputs/weighted.ts';
import { hasKey, readJsonTree } from '../json-tree.ts';
import { defineProperty } from '../property.ts';
import { handshakeHead, openWire } from '../wire.ts';

const maxCookies = 50;
const maxCookieBytes = 4_096;
/** More is refused before anybody looks at cookies. */
const maxHeadBytes = 16_000;

/** A character that may stand in a header at all; others are refused before anybody looks at cookies. */
const headerCharacter = fc.oneof(
  weighted(8, fc.stringMatching(/^[ -~]$/)),
  weighted(
    1,
    fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)),
  ),
  weighted(1, fc.constantFrom('\t', ';', '=', '"', '%', ',')),
);
const anyText = fc.array(headerCharacter, { maxLength: 20 }).map((parts) => parts.join(''));

const name = fc.oneof(
  weighted(
    4,
    fc.constantFrom(
      ...['a', 'A', 'room', 'Room', 'ip', 'IP', 'wskey', 'WSKEY', 'type', 'case', '0'],
      ...['__proto__', '__PROTO__', 'constructor', 'toString', 'toJSON', 'hasOwnProperty', 'polluted'],
    ),
  ),
  weighted(1, anyText),
);
const value = fc.oneof(
  weighted(4, anyText),
  weighted(
    2,
    fc.constantFrom('', '1', '*', 'admin', '"quoted"', '%00', '%', '%e0%a4%a', '{"a":1}', '[object Object]'),
  ),
  weighted(
    1,
    fc.integer({ min: 4_000, max: 4_200 }).map((length) => 'x'.repeat(length)),
  ),
);
const pair = fc
  .tuple(name, fc.constantFrom('=', '=', '=', ' = ', '==', ''), value)
  .map((parts) => parts.join(''));

const cookieHeader = fc.oneof(
  weighted(
    8,
    fc
      .tuple(fc.array(pair, { maxLength: 6 }), fc.constantFrom('; ', ';', ';;', ', '))
      .map(([pairs, between]) => pairs.join(between)),
  ),
  weighted(
    1,
    fc
      .integer({ min: 45, max: 200 })
      .map((count) => Array.from({ length: count }, (_, at) => `c${at}=${at}`).join('; ')),
  ),
  weighted(1, anyText),
);

const forwardedFor = fc.oneof(
  weighted(3, fc.constant(undefined)),
  weighted(
    3,
    fc
      .array(
        fc.oneof(
          fc.ipV4(),
          fc.ipV6(),
          fc.constantFrom('127.0.0.1', '[::1]:80', 'unknown', '', '1.2.3.4:5'),
          anyText,
        ),
        { maxLength: 5 },
      )
      .map((hops) => hops.join(', ')),
  ),
);

interface CookiesInput {
  readonly headers: readonly string[];
  readonly forwardedFor: string | undefined;
}

const checkConnection = (text: string, headers: readonly string[]): void => {
  const connection = JSON.parse(text) as Record<string, unknown>;
  const wrong = (what: string): never => {
    throw new Error(`${what}: ${text} of ${JSON.stringify(headers)}`);
  };
  const { ip, wskey, ...fields } = connection;
  if (isIP(String(ip)) === 0) wrong('`ip` is no address');
  if (!/^[\w-]{22}$/.test(String(wskey))) wrong('`wskey` is not the broker’s');
  const tree = readJsonTree(text, 10);
  if (!tree || hasKey(tree, '__proto__')) wrong('a field `__proto__`');
  const entries = Object.entries(fields);
  if (entries.length > maxCookies) wrong('too many cookies');
  const sent = headers.join('; ');
  for (const [key, field] of entries) {
    if (typeof field !== 'string') return wrong('a cookie that is no text');
    if (key.length + field.length > maxCookieBytes) wrong('too large a cookie');
    if (key !== key.toLowerCase() || !sent.toLowerCase().includes(key)) wrong(`no cookie ${key} was sent`);
    if (!sent.includes(field)) wrong(`the value of ${key} was not sent`);
  }
};

export const cookies = defineProperty<CookiesInput>({
  name: 'cookies',
  title: 'cookies and forwarded addresses of all sorts fill free fields alone, as they were sent',
  cases: { full: 8_000, short: 300 },
  input: fc.record({ headers: fc.array(cookieHeader, { minLength: 1, maxLength: 2 }), forwardedFor }),
  begin: async ({ broker, backend }) => {
    const events = new CaseEvents(backend, ({ type }) => type === 'session-connect');
    return {
      async check({ headers, forwardedFor: hops }) {
        events.clear();
        using wire = await openWire(broker.port);
        const lines = headers.map((header) => `Cookie: ${header}`);
        if (hops !== undefined) lines.push(`X-Forwarded-For: ${hops}`);
        const sent = Buffer.from(handshakeHead({ headers: lines }), 'latin1');
        wire.write(sent);
        const head = await wire.until('an answer to the handshake', () => wire.head);
        if (head.startsWith('HTTP/1.1 431 ') && sent.length > maxHeadBytes) return;
        if (!wire.isUpgraded) throw new Error(`refused: ${head}`);
        const [connect] = await events.until('session-connect');
        wire.end();
        await wire.ended();
        if (backend.problem !== undefined) throw new Error(`the backend was sent ${backend.problem}`);
        checkConnection(connect?.connectionText ?? '', headers);
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});
