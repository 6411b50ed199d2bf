import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { misbehave } from '@wsbroker/testkit';

/**
 * What must come of the event:
 *
 * - `runs`: the good commands of this very answer run
 * - `ignored`: delivered, and nothing runs
 * - `retried`: sent again, and the good answer that follows runs
 * - `refused`: given up at once, and its sender told so
 */
export type Expected = 'runs' | 'ignored' | 'retried' | 'refused';

export interface BadAnswer {
  readonly name: string;
  readonly expected: Expected;
  answer(response: ServerResponse, good: object): void;
}

const body =
  (text: string | Buffer, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  (response: ServerResponse): void => {
    response.writeHead(200, headers).end(text);
  };
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(code, headers).end('<h1>No</h1>');
  };
const list =
  (make: (good: object) => readonly unknown[]) =>
  (response: ServerResponse, good: object): void => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(make(good)));
  };

const megabyteOfCommands = (good: object): unknown[] => [
  ...Array.from({ length: 20_000 }, (_, n) => ({ type: 'session', data: { filler: n } })),
  good,
];

/** Answers that no broker should get, and every broker will. */
export const badAnswers: readonly BadAnswer[] = [
  { name: '400', expected: 'refused', answer: status(400) },
  { name: '410', expected: 'refused', answer: status(410) },
  { name: '413', expected: 'refused', answer: status(413) },
  { name: '422', expected: 'refused', answer: status(422) },
  { name: '401', expected: 'retried', answer: status(401) },
  { name: '403', expected: 'retried', answer: status(403) },
  { name: '404', expected: 'retried', answer: status(404) },
  { name: '408', expected: 'retried', answer: status(408) },
  { name: '429 with retry-after', expected: 'retried', answer: status(429, { 'retry-after': '1' }) },
  { name: '500', expected: 'retried', answer: status(500) },
  { name: '503', expected: 'retried', answer: status(503) },
  { name: '302', expected: 'retried', answer: (response) => misbehave('redirect', response) },
  { name: 'reset', expected: 'retried', answer: (response) => misbehave('reset', response) },
  { name: 'truncated', expected: 'retried', answer: (response) => misbehave('truncate', response) },
  { name: 'one byte per 100 ms', expected: 'retried', answer: (response) => misbehave('drip', response) },
  { name: 'never answered', expected: 'retried', answer: (response) => misbehave('hang', response) },
  { name: 'no HTTP', expected: 'retried', answer: (response) => misbehave('garbage', response) },
  { name: 'endless', expected: 'ignored', answer: (response) => misbehave('endless', response) },
  {
    name: 'HTML',
    expected: 'ignored',
    answer: body('<html>It works!</html>', { 'content-type': 'text/html' }),
  },
  { name: 'null', expected: 'ignored', answer: body('null') },
  { name: '{}', expected: 'ignored', answer: body('{}') },
  { name: '42', expected: 'ignored', answer: body('42') },
  { name: 'a text', expected: 'ignored', answer: body('"send"') },
  { name: 'nothing', expected: 'ignored', answer: body('') },
  { name: '204', expected: 'ignored', answer: (response) => void response.writeHead(204).end() },
  {
    name: 'gzip that was not asked for',
    expected: 'ignored',
    answer: body(gzipSync('[]'), { 'content-type': 'application/json', 'content-encoding': 'gzip' }),
  },
  { name: 'no UTF-8', expected: 'ignored', answer: body(Buffer.from([0xff, 0xfe, 0x5b, 0xc3, 0x28, 0x5d])) },
  { name: 'half of a list', expected: 'ignored', answer: body('[{"type":"send","message":') },
  { name: '100,000 brackets', expected: 'ignored', answer: body('['.repeat(100_000)) },
  { name: '1 MB of commands', expected: 'runs', answer: list(megabyteOfCommands) },
  {
    name: 'one bad command among good',
    expected: 'runs',
    answer: list((good) => [{ type: 'send', match: 7 }, good]),
  },
  { name: 'null among good', expected: 'runs', answer: list((good) => [null, 42, 'x', [], good]) },
  { name: 'an unknown command', expected: 'runs', answer: list((good) => [{ type: 'dance' }, good]) },
  {
    name: 'reserved fields and __proto__',
    expected: 'runs',
    answer: (response, good) =>
      body(
        `[{"type":"session","data":{"wskey":"x"}},{"type":"session","data":{"__proto__":{"x":1}}},{"__proto__":{"type":"close"}},${JSON.stringify(good)}]`,
      )(response),
  },
  {
    name: 'a close of an invalid code',
    expected: 'runs',
    answer: list((good) => [{ type: 'close', code: 1006 }, good]),
  },
];
