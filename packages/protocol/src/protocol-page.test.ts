/** Holds docs/protocol.md to what the code does. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeBatch, decodeBatchAnswer } from './batch.ts';
import { type Body, decodeCommands, decodeNotification, isEvent } from './body.ts';
import { closeCodes, mayReconnect } from './close-code.ts';
import { builtInCommandSchema } from './command.ts';
import { commandResultListSchema } from './command-result.ts';
import { type Criteria, matches } from './criteria.ts';
import { check } from './decoded.ts';
import { brokerErrorMessageSchema, errorCodeSchema } from './error-code.ts';
import { downFrameSchema, openedFrameSchema } from './frame-down.ts';
import { upFrameSchema } from './frame-up.ts';
import { reservedSessionFields } from './session-info.ts';
import { readSecret, sign } from './signature.ts';
import type { JsonObject } from './json.ts';
import { subprotocol } from './subprotocol.ts';
import { protocolVersion } from './version.ts';

const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');

/** The section of this heading, up to the next of its level or above. */
const section = (heading: string): string => {
  const [, level = '', rest = ''] = new RegExp(`^(#+) ${heading}$(.*)`, 'ms').exec(page) ?? [];
  return rest.split(new RegExp(`^#{1,${level.length}} `, 'm'), 1)[0] ?? '';
};

const code = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^ *\`\`\`${language}\\n(.*?)^ *\`\`\`$`, 'gms'))].map(([, text = '']) =>
    text.replace(/^ {2}/gm, ''),
  );

const rows = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => /^ *\|/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );

test('every statement has a number of its own, and every number that is mentioned is one', () => {
  const numbers = [...page.matchAll(/^- \*\*P(\d+)\*\*/gm)].map(([, number]) => Number(number));
  expect(numbers.length).toBeGreaterThan(50);
  expect(numbers[0]).toBe(1);
  expect(new Set(numbers).size).toBe(numbers.length);
  for (const [, number] of page.matchAll(/\bP(\d+)\b/g)) expect(numbers).toContain(Number(number));
});

interface HttpExample extends Body {
  readonly head: string;
  readonly headers: ReadonlyMap<string, string>;
}

const httpExamples = code('http').map((example): HttpExample => {
  const [head = '', text = ''] = example.split('\n\n');
  const headers = new Map(
    head
      .split('\n')
      .slice(1)
      .map((line) => [line.split(': ', 1)[0] ?? '', line.slice(line.indexOf(': ') + 2)]),
  );
  return { head, headers, contentType: headers.get('content-type') ?? '', text: text.trimEnd() };
});

test('the HTTP examples have the length that they say', () => {
  const lengths = httpExamples.filter(({ headers }) => headers.has('content-length'));
  expect(lengths).toHaveLength(5);
  for (const { headers, text } of lengths) expect(Number(headers.get('content-length'))).toBe(text.length);
});

const backendPosts = httpExamples.filter(({ head }) => head.startsWith('POST /backend'));

test('P16: both events of the examples are the same one', () => {
  const single = backendPosts.filter(({ headers }) => !headers.has('wsbroker-batch'));
  const events = single.map(decodeNotification);
  expect(events).toHaveLength(2);
  expect(events[0]).toEqual(events[1]);
  expect(events[0]).toMatchObject({
    ok: true,
    value: { message: { type: 'client-say', text: 'a+b' }, connection: { ip: '127.0.0.1' } },
  });
  expect(events[0]?.ok && isEvent(events[0].value.message)).toBe(true);
});

test('P136, P138: the example of several events is one, and that of an answer fits', () => {
  const [post] = backendPosts.filter(({ headers }) => headers.has('wsbroker-batch'));
  const batch = post && decodeBatch(post);
  expect(batch).toMatchObject({
    ok: true,
    value: { events: [{ attempt: 1, message: { type: 'client-say' } }, { reason: 'client-left' }] },
  });
  expect(post?.headers.get('wsbroker-batch')).toBe('2');
  const answer = code('text').find((text) => text.startsWith('[[')) ?? '';
  expect(decodeBatchAnswer(answer, 2)).toEqual({ ok: true, value: JSON.parse(answer) as unknown });
});

test('P24, P25: both command POSTs of the examples are the same one, and the answer has its two results', () => {
  const posts = httpExamples.filter(({ head }) => head.startsWith('POST / ')).map(decodeCommands);
  expect(posts).toHaveLength(2);
  expect(posts[0]).toEqual(posts[1]);
  expect(posts[0]).toEqual({ ok: true, value: [{ type: 'list' }, { type: 'log', text: 'x' }] });
  const answer = httpExamples.find(({ head }) => head.startsWith('HTTP/1.1 200'));
  expect(commandResultListSchema.parse(JSON.parse(answer?.text ?? ''))).toHaveLength(2);
});

test('P93: the example of a signature is that of the first event', () => {
  const facts = code('text').find((text) => text.startsWith('secret')) ?? '';
  const fact = (name: string): string => new RegExp(`^${name} +(\\S+)$`, 'm').exec(facts)?.[1] ?? '';
  const [event] = backendPosts;
  for (const name of ['webhook-id', 'webhook-timestamp']) expect(event?.headers.get(name)).toBe(fact(name));
  const signature = sign([readSecret(fact('secret'))], {
    id: fact('webhook-id'),
    timestampSeconds: Number(fact('webhook-timestamp')),
    body: event?.text ?? '',
  });
  expect(signature).toBe(fact('webhook-signature'));
});

test('the JSON examples are what the schemas take', () => {
  const examples = code('json').map((text) => JSON.parse(text) as { type: string });
  const commands = examples.filter(({ type }) => type !== 'broker-error');
  for (const command of commands)
    expect(check(builtInCommandSchema, command, 'x')).toMatchObject({ ok: true });
  expect(commands.map(({ type }) => type)).toEqual(['close', 'list', 'log', 'reply', 'send', 'session']);
  expect(
    brokerErrorMessageSchema.safeParse(examples.find(({ type }) => type === 'broker-error')).success,
  ).toBe(true);
});

test.each(builtInCommandSchema.options)('every field of a command is in its section', (schema) => {
  const [type = ''] = schema.shape.type.values;
  const text = section(`\`${type}\``);
  expect(text.length).toBeGreaterThan(100);
  for (const field of Object.keys(schema.shape)) {
    if (field === 'match' || field === 'except') continue;
    expect(text).toMatch(new RegExp(`["\`]${field}["\`]`));
  }
});

test('P45 to P50: the table of criteria tells the truth', () => {
  const [heads = [], , ...lines] = rows(section('7. Criteria'));
  const sessionInfos = heads.slice(1).map((cell) => JSON.parse(cell) as JsonObject);
  expect(lines.length).toBeGreaterThan(10);
  for (const [criteria = '', ...expected] of lines) {
    const seen = sessionInfos.map((sessionInfo) => matches(JSON.parse(criteria) as Criteria, sessionInfo));
    expect([criteria, ...seen.map((match) => (match ? 'yes' : 'no'))]).toEqual([criteria, ...expected]);
  }
});

test('P51: the table of error codes has every one of them', () => {
  const named = rows(section('8. Error codes'))
    .slice(2)
    .map(([name]) => name);
  expect(new Set(named)).toEqual(new Set<string>(errorCodeSchema.options));
  expect(named).toHaveLength(errorCodeSchema.options.length);
});

test('P52: the table of close codes has every one of them, and the rule is that of the code', () => {
  const named = rows(section('9. Close codes'))
    .slice(2)
    .map(([number, name]) => [name, Number(number)]);
  expect(Object.fromEntries(named)).toEqual(closeCodes);
  for (const number of [4000, 4499, 3000, 3999, 1001, 1006]) expect(mayReconnect(number)).toBe(true);
  for (const number of [4500, 4999, 1000]) expect(mayReconnect(number)).toBe(false);
});

/** The names of the frames in the table that begins with this head. */
const frameNames = (head: string): Set<string> => {
  const lines = section('12. `wsbroker.v1`').split('\n');
  const at = lines.findIndex((line) => line.trim().startsWith(`| ${head}`));
  const table = lines.slice(
    at + 2,
    lines.findIndex((line, n) => n > at && line.trim() === ''),
  );
  return new Set(table.flatMap((line) => [...line.matchAll(/`\["(\w+)"/g)].map(([, name = '']) => name)));
};

test('P55, P56: the subprotocol and its frames are those of the code', () => {
  expect(section('12. `wsbroker.v1`')).toContain(`subprotocol \`${subprotocol}\``);
  expect(frameNames('frame towards the broker')).toEqual(
    new Set(upFrameSchema.options.map(({ def }) => def.items[0].value)),
  );
  expect(frameNames('frame towards the client')).toEqual(
    new Set(downFrameSchema.options.map(({ def }) => def.items[0].value)),
  );
});

test('P58: the table of `opened` has every field of it', () => {
  const named = rows(section('Opening'))
    .slice(2)
    .map(([name]) => name);
  expect(new Set(named)).toEqual(new Set(Object.keys(openedFrameSchema.def.items[1].shape)));
});

test('P13: the reserved fields are those of the code', () => {
  expect(page).toContain(
    `${reservedSessionFields.map((field) => `\`${field}\``).join(' and ')} never change`,
  );
});

test('P54: the version is that of the code', () => {
  expect(section('11. Versions')).toContain(`version ${protocolVersion} of the wire`);
});
