import * as fc from 'fast-check';
import type { ServerResponse } from 'node:http';
import { Crowd } from '../crowd.ts';
import { textFrame } from '@wsbroker/testkit';
import { HttpClient } from '../http-client.ts';
import { commandListText } from '../inputs/command-text.ts';
import { cuts, inChunks } from '../inputs/frame-bytes.ts';
import { weighted } from '../inputs/weighted.ts';
import { checkOwnFields } from '../own-fields.ts';
import { defineProperty } from '../property.ts';
import { openWebSocket, type Wire } from '../wire.ts';

/** An answer over HTTP, in chunks, perhaps cut off; or bytes that may be no HTTP at all. */
type Answer =
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
      readonly cuts: readonly number[];
      readonly isCut: boolean;
    }
  | { readonly kind: 'raw'; readonly bytes: Buffer };

const headers = fc
  .array(
    fc.constantFrom<[string, string]>(
      ['content-type', 'text/html'],
      ['content-type', ''],
      ['content-encoding', 'gzip'],
      ['retry-after', '0'],
      ['retry-after', '-1'],
      ['retry-after', 'soon'],
      ['retry-after', 'Wed, 21 Oct 2015 07:28:00 GMT'],
      ['location', 'http://127.0.0.1:1/'],
      ['set-cookie', 'a=b'],
      ['connection', 'close'],
      ['x-odd', 'x'.repeat(5_000)],
    ),
    { maxLength: 3 },
  )
  .map((pairs) => Object.fromEntries(pairs));

const body = fc.oneof(
  weighted(
    12,
    commandListText.map((text) => Buffer.from(text)),
  ),
  weighted(
    1,
    commandListText.map((text) => Buffer.from(`\ufeff${text}`)),
  ),
  weighted(
    1,
    fc.constantFrom('', 'null', '{}', '"x"', '<html>', '[', '[[]]').map((text) => Buffer.from(text)),
  ),
  weighted(
    1,
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  ),
);

const http: fc.Arbitrary<Answer> = fc.record({
  kind: fc.constant('http' as const),
  status: fc.oneof(
    weighted(8, fc.constant(200)),
    weighted(
      2,
      fc.constantFrom(
        201,
        202,
        204,
        205,
        206,
        301,
        302,
        304,
        400,
        401,
        403,
        404,
        408,
        410,
        413,
        422,
        429,
        500,
        502,
        503,
      ),
    ),
    weighted(1, fc.integer({ min: 200, max: 999 })),
  ),
  headers,
  body,
  cuts,
  isCut: fc.nat({ max: 15 }).map((roll) => roll === 0),
});

const raw: fc.Arbitrary<Answer> = fc
  .oneof(
    fc
      .tuple(
        fc.constantFrom(
          'HTTP/1.1 200 OK',
          'HTTP/1.1 100 Continue',
          'HTTP/1.1 101 X',
          'HTTP/1.0 200 OK',
          'HTTP/9.9 200 OK',
          'HTTP/1.1 -1 X',
          'HTTP/1.1 99999 X',
          'X',
        ),
        fc.array(
          fc.constantFrom(
            'Content-Length: 2',
            'Content-Length: 9',
            'Content-Length: -1',
            'Content-Length: 2\r\nContent-Length: 3',
            'Transfer-Encoding: chunked',
            'A',
            ': x',
            'Upgrade: websocket\r\nConnection: upgrade',
            `X: ${'y'.repeat(20_000)}`,
          ),
          { maxLength: 2 },
        ),
        fc.constantFrom('[]', '2\r\n[]\r\n0\r\n\r\n', 'zz\r\n', '[{"type":"log","text":1}]', ''),
      )
      .map(([first, lines, rest]) => `${[first, ...lines].join('\r\n')}\r\n\r\n${rest}`),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  )
  .map((text) => ({ kind: 'raw', bytes: Buffer.from(text, 'latin1') }));

const give = (answer: Answer, response: ServerResponse): void => {
  if (answer.kind === 'raw') {
    response.socket?.end(answer.bytes);
    return;
  }
  response.writeHead(answer.status, answer.headers);
  for (const chunk of inChunks(answer.body, answer.cuts)) response.write(chunk);
  if (answer.isCut) response.socket?.destroy();
  else response.end();
};

/** What commands put into a `sessionInfo` stays as long as its connection. */
const casesBetweenCrowds = 100;
const casesBetweenLists = 4;

const asks = '{"type":"ask"}';

/** Asks once, and then something that is answered as it should be. */
const isServed = async (wire: Wire, n: number): Promise<void> => {
  wire.server.frames.length = 0;
  wire.write(Buffer.concat([textFrame(asks), textFrame(`{"type":"after","n":${n}}`)]));
  await wire.until('an answer to the event after it', () => {
    if (wire.server.closeCode !== undefined) return true;
    const isThere = wire.server.frames.some(({ payload }) => payload.includes(`{"type":"after","n":${n}}`));
    return isThere ? true : undefined;
  });
};

export const answers = defineProperty<Answer>({
  name: 'answers',
  title: 'whatever a backend answers, the events after it are delivered, and the broker keeps its own fields',
  cases: { full: 10_000, short: 300 },
  mayCloseAll: true,
  input: fc.oneof(weighted(8, http), weighted(1, raw)),
  begin: async ({ broker, backend }) => {
    const client = new HttpClient();
    const crowd = new Crowd(broker.port, ['room=lobby; who=fuzz', 'room=lobby', 'constructor=1; a=*']);
    let wire: Wire | undefined;
    let done = 0;
    let next: Answer | undefined;
    backend.onEvent = ({ type, text }) => {
      if (type === 'client-after') {
        const { n } = JSON.parse(text) as { n: number };
        return [{ type: 'send', message: { type: 'after', n } }];
      }
      // Once: a second attempt is answered as it should be.
      const answer = type === 'client-ask' ? next : undefined;
      next = undefined;
      return answer && ((response) => give(answer, response));
    };
    return {
      async check(answer) {
        done += 1;
        if (done % casesBetweenCrowds === 0) crowd.disperse();
        await crowd.gather();
        if (
          !wire ||
          wire.hasEnded ||
          wire.server.closeCode !== undefined ||
          done % casesBetweenCrowds === 0
        ) {
          wire?.[Symbol.dispose]();
          wire = await openWebSocket(broker.port, { headers: ['Cookie: who=fuzz'] });
        }
        next = answer;
        await isServed(wire, done);
        crowd.check();
        if (done % casesBetweenLists === 0) await checkOwnFields(client, broker.port);
      },
      async [Symbol.asyncDispose]() {
        wire?.[Symbol.dispose]();
        client[Symbol.dispose]();
        crowd[Symbol.dispose]();
      },
    };
  },
});
