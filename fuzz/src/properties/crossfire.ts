import * as fc from 'fast-check';
import { HttpClient } from '../http-client.ts';
import { commandListText } from '../inputs/command-text.ts';
import { cuts, frameBytes, inChunks } from '../inputs/frame-bytes.ts';
import { jsonValueText, messageText } from '../inputs/json-text.ts';
import { requestText } from '../inputs/request-head.ts';
import { weighted } from '../inputs/weighted.ts';
import { checkOwnFields } from '../own-fields.ts';
import { defineProperty } from '../property.ts';
import { handshakeHead, openWire } from '../wire.ts';

/** One connection: what is sent on it, and how the peer leaves. */
interface Shot {
  readonly bytes: Buffer;
  readonly cuts: readonly number[];
  readonly leaves: 'end' | 'reset' | 'vanish';
}

const limits = { maxMessageBytes: 4_000, maxFragments: 64 };

const afterHandshake = (protocol: string | undefined, rest: Buffer): Buffer =>
  Buffer.concat([Buffer.from(handshakeHead(protocol === undefined ? {} : { protocol })), rest]);

const post = (type: string, body: string): Buffer =>
  Buffer.from(
    `POST / HTTP/1.1\r\nHost: broker\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );

const bytes = fc.oneof(
  weighted(
    4,
    fc
      .tuple(
        fc.constantFrom(undefined, undefined, 'wsbroker.v1', 'chat'),
        frameBytes({ text: messageText, ...limits }),
      )
      .map(([protocol, rest]) => afterHandshake(protocol, rest)),
  ),
  weighted(
    2,
    requestText.map((text) => Buffer.from(text, 'latin1')),
  ),
  weighted(
    2,
    commandListText.map((list) => post('application/json', list)),
  ),
  weighted(
    1,
    fc.uint8Array({ maxLength: 500 }).map((each) => Buffer.from(each)),
  ),
);

const shot: fc.Arbitrary<Shot> = fc.record({
  bytes,
  cuts,
  leaves: fc.constantFrom('end' as const, 'reset' as const, 'vanish' as const),
});

interface Crossfire {
  readonly shots: readonly Shot[];
  /** What the backend answers meanwhile, one after the other. */
  readonly answers: readonly { readonly status: number; readonly text: string }[];
}

const fire = async (port: number, { bytes: all, cuts: places, leaves }: Shot): Promise<void> => {
  using wire = await openWire(port);
  for (const chunk of inChunks(all, places)) {
    wire.write(chunk);
    await new Promise(setImmediate);
  }
  if (leaves === 'reset') wire.reset();
  else if (leaves === 'end') {
    wire.end();
    await wire.ended();
  }
};

export const crossfire = defineProperty<Crossfire>({
  name: 'crossfire',
  title: 'all of that at once, on many connections that leave in all ways, costs nobody else anything',
  cases: { full: 1_200, short: 40 },
  options: { ...limits, maxEventAgeMs: 50 },
  mayCloseAll: true,
  input: fc.record({
    shots: fc.array(shot, { minLength: 5, maxLength: 20 }),
    answers: fc.array(
      fc.record({
        status: fc.constantFrom(200, 200, 200, 204, 400, 404, 500),
        text: fc.oneof(commandListText, jsonValueText),
      }),
      { maxLength: 5 },
    ),
  }),
  begin: async ({ broker, backend }) => {
    const http = new HttpClient();
    let left: Crossfire['answers'] = [];
    backend.onEvent = ({ type }) => {
      const [answer, ...rest] = type.startsWith('client-') ? left : [];
      if (!answer) return undefined;
      left = rest;
      return (response) =>
        void response.writeHead(answer.status).end(answer.status === 204 ? '' : answer.text.toWellFormed());
    };
    return {
      async check({ shots, answers }) {
        left = answers;
        await Promise.all(shots.map((each) => fire(broker.port, each)));
        await checkOwnFields(http, broker.port);
      },
      async [Symbol.asyncDispose]() {
        http[Symbol.dispose]();
      },
    };
  },
});
