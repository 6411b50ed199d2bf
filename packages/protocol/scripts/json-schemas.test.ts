import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import * as z from 'zod';
import * as protocol from '../src/index.ts';
import { jsonSchemaFiles } from './json-schemas.ts';

const folder = new URL('../schema/', import.meta.url);
const files = jsonSchemaFiles();
const { commandResultSchemas } = protocol;

test('the committed JSON Schema files are up to date: otherwise run `pnpm build` and commit them', async () => {
  const committed = new Map<string, string>();
  for (const name of await readdir(folder))
    committed.set(name, await readFile(new URL(name, folder), 'utf8'));
  expect(Object.fromEntries(committed)).toEqual(Object.fromEntries(files));
});

test.each([...files])('%s is draft 2020-12, with an id, a title and a description', (name, content) => {
  expect(JSON.parse(content)).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:wsbroker:protocol:${protocol.protocolVersion}:${name.replace('.json', '')}`,
    title: expect.stringMatching(/^[A-Z].*[a-z]$/) as string,
    description: expect.stringMatching(/^[A-Zn].*\.$/) as string,
  });
});

test('no two files have the same id or title', () => {
  const parsed = [...files.values()].map((content) => JSON.parse(content) as { $id: string; title: string });
  expect(new Set(parsed.map(({ $id }) => $id)).size).toBe(files.size);
  expect(new Set(parsed.map(({ title }) => title)).size).toBe(files.size);
});

const schemas: Record<string, z.ZodType> = {
  message: protocol.messageSchema,
  'client-message': protocol.clientMessageSchema,
  event: protocol.eventSchema,
  'session-info': protocol.sessionInfoSchema,
  criteria: protocol.criteriaSchema,
  notification: protocol.notificationSchema,
  batch: protocol.batchSchema,
  command: protocol.commandSchema,
  'command-list': protocol.commandListSchema,
  'close-command': protocol.closeCommandSchema,
  'list-command': protocol.listCommandSchema,
  'log-command': protocol.logCommandSchema,
  'reply-command': protocol.replyCommandSchema,
  'send-command': protocol.sendCommandSchema,
  'session-command': protocol.sessionCommandSchema,
  'close-result': commandResultSchemas.close,
  'list-result': commandResultSchemas.list,
  'log-result': commandResultSchemas.log,
  'reply-result': commandResultSchemas.reply,
  'send-result': commandResultSchemas.send,
  'session-result': commandResultSchemas.session,
  'command-result-list': protocol.commandResultListSchema,
  'error-result': protocol.errorResultSchema,
  'broker-error-message': protocol.brokerErrorMessageSchema,
  'up-frame': protocol.upFrameSchema,
  'down-frame': protocol.downFrameSchema,
};

const opened = {
  connection: 'k',
  token: 't',
  received: 0,
  resumed: false,
  gap: false,
  graceMs: 30_000,
  maxMessageBytes: 65_536,
  replayMessages: 100,
  pingIntervalMs: 25_000,
};

const values: unknown[] = [
  null,
  1,
  'x',
  [],
  {},
  [{}],
  [null],
  [{ type: 'list' }],
  [{ ip: '::1' }],
  ...['close', 'list', 'log', 'reply', 'send', 'session'].flatMap((type) => [
    { type },
    { type, text: 'x', message: 'x' },
    { type, text: null, message: null, match: {}, except: [] },
    { type, text: 1, message: 1, match: { a: ['x', 1, true, null], b: '*' } },
    { type, text: 1, message: 1, match: { a: {} } },
    { type, text: 1, message: 1, except: ['x'] },
    { type, text: 1, message: 1, match: null },
  ]),
  { type: 'close', code: 1000 },
  { type: 'close', code: 4500, reason: 'x' },
  { type: 'close', code: 1001 },
  { type: 'close', code: 5000 },
  { type: 'close', reason: 'x'.repeat(124) },
  { type: 'list', fields: ['a'], limit: 5, cursor: 'x', count: true },
  { type: 'list', limit: 0 },
  { type: 'list', fields: [1] },
  { type: 'session', data: { a: [{}] }, add: [], remove: {} },
  { type: 'session', data: 'x' },
  { type: 'session-connect' },
  { type: 'session-disconnect', more: 1 },
  { type: 'client-' },
  { type: 'client-a\nb' },
  { type: 'with space' },
  { type: '' },
  { type: 'x'.repeat(65) },
  { type: 1 },
  { type: 'broker-error', code: 'bad-message', text: 'why' },
  { type: 'broker-error', code: 'other', text: 'why' },
  { ip: '::1', wskey: 'k', room: 1 },
  { ip: '::1' },
  { a: ['x', 1], b: null },
  { a: [[]] },
  { message: { type: 'x' }, connection: {} },
  { message: {}, connection: {} },
  { message: { type: 'x' } },
  { events: [{ id: 'k-1', attempt: 1, message: { type: 'x' }, connection: {}, later: 1 }] },
  { events: [{ id: 'k-1', attempt: 0, message: { type: 'x' }, connection: {} }] },
  { events: [{ attempt: 1, message: { type: 'x' }, connection: {} }] },
  { events: [] },
  { matched: 0 },
  { matched: 1.5 },
  { count: 2 },
  { connections: [{}], cursor: 'x' },
  { connections: [1] },
  { error: { code: 'too-large', message: 'why', later: 1 } },
  { error: { code: 'other', message: 'why' } },
  { error: {} },
  ['open'],
  ['open', {}],
  ['open', { token: 'x', received: 0 }],
  ['open', { token: 'x', later: 1 }],
  ['open', { token: '' }],
  ['open', {}, 1],
  ['opened'],
  ['opened', opened],
  ['opened', { ...opened, later: 1 }, 1],
  ['opened', { ...opened, resumed: undefined }],
  ['ack', 0],
  ['ack', -1],
  ['ack', 1, 1],
  ['delivered', 1.5],
  ['delivered', 1],
  ['failed', 1, 'refused', 'why', 1],
  ['failed', 1, 'other', 'why'],
  ['failed', 0, 'refused', 'why'],
  ['request', 1, { type: 'ask' }],
  ['request', 1, { type: 1 }],
  ['request', 1],
  ['reply', 1, null],
  ['status', { backend: 'up', queued: 0, later: 1 }],
  ['status', { backend: 'gone', queued: 0 }],
  ['bye', 1001, 0],
  ['bye', 1001],
  ['ping'],
  ['ping', 1],
  ['pong'],
];

test('there is a file for each schema of this test, and the other way round', () => {
  expect([...files.keys()].toSorted()).toEqual(
    Object.keys(schemas)
      .map((name) => `${name}.json`)
      .toSorted(),
  );
});

test.each(Object.entries(schemas))(
  'the file of %s takes and refuses what the schema does',
  (name, schema) => {
    type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
    const fromFile = z.fromJSONSchema(JSON.parse(files.get(`${name}.json`) ?? '') as JsonSchema);
    const taken = values.filter((value) => schema.safeParse(value).success);
    expect(values.filter((value) => fromFile.safeParse(value).success)).toEqual(taken);
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.length).toBeLessThan(values.length);
  },
);

test('in the file of down-frame a reply has its message, which may be anything', () => {
  // Not in the values above: `z.fromJSONSchema` leaves `minItems` out where the last item may be anything.
  const { anyOf } = JSON.parse(files.get('down-frame.json') ?? '') as { anyOf: { prefixItems: object[] }[] };
  const reply = anyOf.find(({ prefixItems }) => JSON.stringify(prefixItems[0]).includes('"reply"'));
  expect(reply).toMatchObject({ minItems: 3, prefixItems: [{}, {}, {}] });
});
