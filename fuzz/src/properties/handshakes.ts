import * as fc from 'fast-check';
import { cuts, inChunks } from '../inputs/frame-bytes.ts';
import { requestText } from '../inputs/request-head.ts';
import { weighted } from '../inputs/weighted.ts';
import { defineProperty } from '../property.ts';
import { acceptFor, openWire, type Wire } from '../wire.ts';

/** What may be answered to a stranger: none of these says that the broker has failed. */
const statuses = new Set([100, 101, 200, 400, 403, 404, 405, 408, 411, 413, 415, 417, 426, 431]);

/** What shows the inside of a program. */
const inside = /node:internal|\n\s+at .+:\d+:\d+|node_modules|packages\/|\.ts:\d+/;

const headersOf = (head: string, name: string): string[] =>
  head
    .split(/\r?\n/)
    .filter((line) => line.toLowerCase().startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).trim());

const hostnameOf = (url: string): string | undefined => URL.parse(url)?.hostname;

/** A handshake that was taken must have been one, and of a page of this host. */
const checkTaken = (wire: Wire, sent: string): void => {
  const [head = ''] = sent.split(/\r?\n\r?\n/, 1);
  const [key = ''] = headersOf(head, 'sec-websocket-key');
  if (!wire.head?.includes(`Sec-WebSocket-Accept: ${acceptFor(key)}`))
    throw new Error(`a wrong accept: ${wire.head}`);
  const [host = ''] = headersOf(head, 'host');
  for (const origin of headersOf(head, 'origin')) {
    if (hostnameOf(origin) !== hostnameOf(`http://${host}`))
      throw new Error(`taken from ${origin} for ${host}`);
  }
  if (/^sec-websocket-extensions:/im.test(wire.head))
    throw new Error(`an extension was agreed to: ${wire.head}`);
};

export const handshakes = defineProperty<{ text: string; cuts: readonly number[]; end: number }>({
  name: 'handshakes',
  title: 'requests of all sorts are taken or refused with an answer that blames the peer, and end',
  cases: { full: 12_000, short: 500 },
  input: fc.record({
    text: requestText,
    cuts,
    /** How much of it is sent. */
    end: fc.oneof(weighted(5, fc.constant(1)), weighted(1, fc.double({ min: 0, max: 1, noNaN: true }))),
  }),
  begin: async ({ broker, backend }) => {
    backend.onEvent = () => undefined;
    return {
      async check({ text, cuts: places, end }) {
        const all = Buffer.from(text, 'latin1');
        const sent = all.subarray(0, Math.floor(end * all.length));
        using wire = await openWire(broker.port);
        for (const chunk of inChunks(sent, places)) {
          wire.write(chunk);
          await new Promise(setImmediate);
        }
        wire.end();
        await wire.ended();
        const seen = [...wire.http.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
        const wrong = seen.find((status) => !statuses.has(status));
        if (wrong !== undefined || inside.test(wire.http)) throw new Error(`answered with ${wire.http}`);
        if (wire.http !== '' && !wire.http.startsWith('HTTP/1.1 ')) throw new Error(`no HTTP: ${wire.http}`);
        if (wire.isUpgraded) checkTaken(wire, sent.toString('latin1'));
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});
