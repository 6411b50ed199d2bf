/** Holds the short life on `wsbroker.v1` that docs/protocol.md shows to its schemas and to its counts. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type DownFrame, downFrameSchema, type Opened } from './frame-down.ts';
import { type UpFrame, upFrameSchema } from './frame-up.ts';
import { isJsonObject } from './json.ts';
import { clientMessageSchema, messageSchema } from './message.ts';

const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
const [, life = ''] = /^```text\n(→.*?)^```$/ms.exec(page) ?? [];

interface Line {
  readonly isUp: boolean;
  readonly hasArrived: boolean;
  readonly json: unknown;
  readonly text: string;
}

const linesOf = (text: string): Line[] =>
  [...text.matchAll(/^([→←↛↚]) (.*)$/gm)].map(([, arrow = '', json = '']) => ({
    isUp: '→↛'.includes(arrow),
    hasArrived: '→←'.includes(arrow),
    json: JSON.parse(json) as unknown,
    text: json,
  }));

/** Counts as both sides do, and says what does not follow from what came before. */
const faultsOf = (lines: readonly Line[]): string[] => {
  const faults: string[] = [];
  /** What counts, as it was sent; towards the broker and towards the client. */
  const up: { sent: string[]; arrived: number } = { sent: [], arrived: 0 };
  const down: { sent: string[]; arrived: number } = { sent: [], arrived: 0 };
  /** What a resume has to send again before anything new. */
  const again: { up: string[]; down: string[] } = { up: [], down: [] };
  const failed = new Set<number>();
  let token: string | undefined;
  let through = 0;
  for (const { isUp, hasArrived, json, text } of lines) {
    const fault = (why: string): void => void faults.push(`${text}: ${why}`);
    const way = isUp ? up : down;
    const repeats = isUp ? again.up : again.down;
    const frame = Array.isArray(json) ? (json as UpFrame | DownFrame) : undefined;
    if (frame === undefined || ['request', 'reply', 'failed'].includes(frame[0])) {
      const expected = repeats.shift();
      if (expected === undefined) way.sent.push(text);
      else if (expected !== text) fault(`expected ${expected}`);
      if (hasArrived) way.arrived += 1;
    }
    if (frame?.[0] === 'open') {
      if (frame[1].token !== token) fault('that is not the newest token');
      if ((frame[1].received ?? 0) !== down.arrived) fault('the client has not received so many');
      again.down = down.sent.slice(down.arrived);
    } else if (frame?.[0] === 'opened') {
      const opened: Opened = frame[1];
      token = opened.token;
      if (opened.received !== up.arrived) fault('the broker has not received so many');
      again.up = up.sent.slice(up.arrived);
    } else if (frame?.[0] === 'ack') {
      if (frame[1] > (isUp ? down : up).arrived) fault('so many have not arrived');
    } else if (frame?.[0] === 'failed') {
      failed.add(frame[1]);
      if (frame[1] <= through) fault('that was said to be delivered');
    } else if (frame?.[0] === 'delivered') {
      if (frame[1] > up.arrived) fault('so many have not arrived');
      through = frame[1];
    }
  }
  if (again.up.length + again.down.length > 0) faults.push('not all was sent again');
  return faults;
};

test('P56: every line of the example is a message or a frame', () => {
  const lines = linesOf(life);
  expect(lines.length).toBeGreaterThan(20);
  for (const { isUp, json } of lines) {
    const [frames, messages] = isUp ? [upFrameSchema, clientMessageSchema] : [downFrameSchema, messageSchema];
    const schema = isJsonObject(json) ? messages : frames;
    expect([json, schema.safeParse(json).success]).toEqual([json, true]);
  }
});

test('P60, P61, P78: the example counts as both sides do, and a resume sends again exactly what was lost', () => {
  expect(faultsOf(linesOf(life))).toEqual([]);
});

test.each([
  ['"received":2}', '"received":1}', 'the client has not received so many'],
  ['"received":3,', '"received":2,', 'the broker has not received so many'],
  ['← ["delivered",4]', '← ["delivered",5]', 'so many have not arrived'],
  ['→ ["ack",4]', '→ ["ack",5]', 'so many have not arrived'],
  ['↚ ["reply"', '← ["reply"', 'the client has not received so many'],
  ['→ {"type":"say","text":"hello"}\n', '', 'not all was sent again'],
  ['["open",{"token":"2vcr2', '["open",{"token":"other', 'that is not the newest token'],
  ['← ["ack",3]\n', '← ["delivered",3]\n', 'that was said to be delivered'],
])('an example with %s changed would be seen', (part, changed, fault) => {
  expect(life).toContain(part);
  expect(faultsOf(linesOf(life.replace(part, changed))).join()).toContain(fault);
});
