/** Whatever a client sends that cannot be taken: it is told so, nothing reaches the backend, and it stays connected. */
import { brokerStarter, connectRaw, connectV1, startFakeBackend } from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { Broker } from '../index.ts';

const startBroker = brokerStarter(Broker);

const deep = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

/** What is sent, the code of the answer, and what its text says: what was wrong, and what would be right. */
const refusals: readonly (readonly [
  what: string,
  text: string | Uint8Array,
  code: string,
  wrong: string,
  right: string,
])[] = [
  ['an empty text', '', 'not-json', 'is not JSON', 'expected an object such as {"type":"hello"}'],
  [
    'a text that is no JSON',
    'hello',
    'not-json',
    'is not JSON',
    'expected an object such as {"type":"hello"}',
  ],
  ['half an object', '{"type":"a"', 'not-json', 'is not JSON', 'expected an object such as {"type":"hello"}'],
  [
    'two objects',
    '{"type":"a"}{"type":"b"}',
    'not-json',
    'is not JSON',
    'expected an object such as {"type":"hello"}',
  ],
  [
    'a byte order mark',
    '\u{feff}{"type":"a"}',
    'not-json',
    'is not JSON',
    'expected an object such as {"type":"hello"}',
  ],
  [
    'a number beyond JSON',
    '{"type":"a","n":NaN}',
    'not-json',
    'is not JSON',
    'expected an object such as {"type":"hello"}',
  ],
  [
    'bytes that are no UTF-8',
    Uint8Array.from([0x7b, 0xff, 0x7d]),
    'bad-message',
    'is not UTF-8',
    'send text',
  ],
  ['null', 'null', 'bad-message', 'is not an object', 'expected an object such as {"type":"hello"}'],
  ['true', 'true', 'bad-message', 'is not an object', 'expected an object such as {"type":"hello"}'],
  ['a number', '7', 'bad-message', 'is not an object', 'expected an object such as {"type":"hello"}'],
  [
    'a JSON text',
    '"hello"',
    'bad-message',
    'is not an object',
    'expected an object such as {"type":"hello"}',
  ],
  [
    'a list',
    ' [{"type":"a"}]',
    'bad-message',
    'is not an object',
    'expected an object such as {"type":"hello"}',
  ],
  [
    'a frame with a space before it',
    ' ["request",1,{"type":"a"}]',
    'bad-message',
    'is not an object',
    'expected an object such as {"type":"hello"}',
  ],
  ['an empty type', '{"type":""}', 'bad-message', '`type` is ""', 'expected 1 to 64 of A-Z a-z 0-9 . _ : -'],
  ['a type with a space', '{"type":"a b"}', 'bad-message', '`type` is "a b"', 'expected 1 to 64 of A-Z'],
  [
    'a type of another alphabet',
    '{"type":"grüß"}',
    'bad-message',
    '`type` is "grüß"',
    'expected 1 to 64 of A-Z',
  ],
  [
    'a type of 65 characters',
    `{"type":"${'x'.repeat(65)}"}`,
    'bad-message',
    '`type` has 65 characters',
    'expected 1 to 64',
  ],
  ['the type null', '{"type":null}', 'bad-message', '`type` is null', 'expected 1 to 64'],
  ['a number as type', '{"type":7}', 'bad-message', '`type` is no text but number', 'expected 1 to 64'],
  [
    'an object as type',
    '{"type":{"type":"a"}}',
    'bad-message',
    '`type` is no text but object',
    'expected 1 to 64',
  ],
  ['a list as type', '{"type":["a"]}', 'bad-message', '`type` is no text but list', 'expected 1 to 64'],
  ['a second type', '{"type":"a","type":"session-connect"}', 'bad-message', 'has `type` twice', 'send one'],
  [
    'a type in capitals beside it',
    '{"type":"a","Type":"session-connect"}',
    'bad-message',
    'has a key "Type"',
    'spell it so, or name it otherwise',
  ],
  [
    'a type in capitals alone',
    '{"TYPE":"session-connect"}',
    'bad-message',
    'has a key "TYPE"',
    'spell it so, or name it otherwise',
  ],
  [
    'a type that is escaped',
    '{"type":"a","\\u0074ype":"session-connect"}',
    'bad-message',
    'has a key "\\u0074ype"',
    'spell it so, or name it otherwise',
  ],
  ['more than 64 levels', deep(65), 'bad-message', 'nested deeper than 64', 'send it flatter'],
  [
    'a thousand levels that never end',
    '['.repeat(1_000).replace('[', ' ['),
    'bad-message',
    'nested deeper than 64',
    'send it flatter',
  ],
];

// P4, P110
describe('on the plain wire each is answered with a broker-error that says what was wrong and what would be right', () => {
  test.each(refusals)('%s', async (_what, text, code, wrong, right) => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url } });
    await using client = await connectRaw(broker.url);
    client.socket.send(text);
    const answer = await client.next();
    expect(answer).toEqual({ type: 'broker-error', code, text: expect.stringContaining(wrong) as string });
    expect(answer['text']).toContain(right);
    client.send({ type: 'next' });
    await backend.next(({ message }) => message.type === 'client-next');
    expect(backend.events.map(({ message }) => message.type)).toEqual(['session-connect', 'client-next']);
    expect(client.isOpen).toBe(true);
  });
});

describe('on wsbroker.v1 each fails under its number, with the same words (P65, P110)', () => {
  test.each(refusals)('%s', async (_what, text, code, wrong, right) => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url } });
    await using client = await connectV1(broker.url);
    client.send({ type: 'before' });
    client.raw.socket.send(text);
    client.sent += 1;
    const refused = client.sent;
    await client.deliveredUpTo(client.send({ type: 'next' }));
    const frame = await client.nextFrame('failed');
    expect(frame).toEqual(['failed', refused, code, expect.stringContaining(wrong)]);
    expect(frame[3]).toContain(right);
    expect(backend.events.map(({ message }) => message.type)).toEqual([
      'session-connect',
      'client-before',
      'client-next',
    ]);
    expect(client.raw.isOpen).toBe(true);
  });
});

/** What is no JSON makes no request either: there is no frame to answer. */
const asRequests = refusals.filter(([, text, code]) => code === 'bad-message' && typeof text === 'string');

describe('of a request the message is refused as any other is, and the request ends (P68, P71)', () => {
  test.each(asRequests)('%s', async (_what, text, code, wrong, right) => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url } });
    await using client = await connectV1(broker.url);
    const refused = client.send(`["request",7,${text as string}]`);
    await client.deliveredUpTo(client.send({ type: 'next' }));
    const frame = await client.nextFrame('failed');
    expect(frame).toEqual(['failed', refused, code, expect.stringContaining(wrong)]);
    expect(frame[3]).toContain(right);
    expect(backend.events.map(({ message }) => message.type)).toEqual(['session-connect', 'client-next']);
  });
});

test.each([
  '["request",7,{]',
  '["request",7,]',
  '["request",7,{"type":"a"},{"type":"b"}]',
  '["request",7,{}]x',
  '["request",-1,{}]',
])(
  'a request that is no frame ends the socket, and the client can come back: %s (P56, P68, P87)',
  async (text) => {
    await using backend = await startFakeBackend();
    await using broker = await startBroker({ backend: { url: backend.url } });
    await using client = await connectV1(broker.url);
    client.sendFrame(text);
    expect((await client.closed).code).toBe(4501);
    await using again = await connectV1(broker.url, { token: client.opened.token, received: 0 });
    expect(again.opened).toMatchObject({ resumed: true, received: 0 });
  },
);

test('`maxMessageDepth` sets how deep a message may be, on both wires and in requests', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({ backend: { url: backend.url }, maxMessageDepth: 3 });
  await using plain = await connectRaw(broker.url);
  plain.send(deep(3));
  await backend.next(({ message }) => message.type === 'client-message');
  plain.send(deep(4));
  expect(await plain.next()).toMatchObject({
    code: 'bad-message',
    text: expect.stringContaining('deeper than 3') as string,
  });
  await using client = await connectV1(broker.url);
  client.send(deep(3));
  client.request(1, { a: [[]] });
  const tooDeep = [client.send(deep(4)), client.request(1, { a: [[[]]] })];
  await client.deliveredUpTo(client.send({ type: 'last' }));
  expect([...client.failed.keys()].filter((n) => tooDeep.includes(n))).toEqual(tooDeep);
});

test('what is refused is not logged but at `debug`', async () => {
  await using broker = await startBroker();
  await using client = await connectRaw(broker.url);
  client.send('{"type":"canary canary"}');
  await client.next();
  const shown = broker.logs.entries.filter(({ level }) => level !== 'debug');
  expect(JSON.stringify(shown)).not.toContain('canary');
});
