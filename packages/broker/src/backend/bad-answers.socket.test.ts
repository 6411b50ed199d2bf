import { gzipSync } from 'node:zlib';
import {
  type Answer,
  brokerStarter,
  connectRaw,
  type FakeBackend,
  type HttpAnswer,
  startFakeBackend,
} from '@wsbroker/testkit';
import { describe, expect, test } from 'vitest';
import { Broker, type BrokerOptions, createTextLogger, type HttpBackendOptions } from '../index.ts';

const startBroker = brokerStarter(Broker);

/** A broker in front of a backend that answers the first `client-go` badly, and everything else well. */
const start = async (bad: Answer, more: Partial<HttpBackendOptions> = {}, options: BrokerOptions = {}) => {
  let isFirst = true;
  const backend = await startFakeBackend(({ message }) => {
    if (message.type === 'client-go' && isFirst) {
      isFirst = false;
      return bad;
    }
    return [{ type: 'send', message: { type: 'good', of: message.type } }];
  });
  const broker = await startBroker({
    backend: { url: backend.url, ...more },
    retryMinMs: 1,
    retryMaxMs: 5,
    ...options,
  });
  const client = await connectRaw(broker.url);
  await client.next(({ of }) => of === 'session-connect');
  return {
    backend,
    broker,
    client,
    /** Sends `go` and `after`; when `after` is answered, gives the attempts of `go` and what was logged. */
    async go() {
      client.send({ type: 'go' });
      client.send({ type: 'after' });
      await client.next(({ of }) => of === 'client-after');
      expect(client.isOpen).toBe(true);
      return {
        attempts: attemptsOf(backend, 'client-go'),
        good: client.received.filter(({ of }) => of === 'client-go').length,
        lines: [...broker.logs.messages('warn'), ...broker.logs.messages('error')],
      };
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
      await backend.stop();
    },
  };
};

const attemptsOf = (backend: FakeBackend, type: string) =>
  backend.events
    .filter(({ message }) => message.type === type)
    .map(({ id, attempt }) => `${id.split('-').at(-1)} ${attempt}`);

const html: HttpAnswer = {
  body: '<html><body>It works!\r\n</body></html>',
  headers: { 'content-type': 'text/html' },
};
const body = (text: string | Uint8Array): HttpAnswer => ({ body: text });

describe('a 200 that is no list of commands is one clear line in the log; it is not sent again, and events go on', () => {
  test.each<[what: string, bad: Answer, why: RegExp, options?: Partial<HttpBackendOptions>]>([
    ['an empty object', body('{}'), /a JSON object/],
    ['one command without its list', body('{"type":"send","message":{"type":"good"}}'), /a JSON object/],
    ['null', body('null'), /null/],
    ['a number', body('42'), /a JSON number/],
    ['a string', body('"[]"'), /a JSON string/],
    ['false', body('false'), /a JSON boolean/],
    ['HTML', html, /not JSON/],
    ['OK', body('OK'), /not JSON/],
    [
      'a notice of PHP before the list',
      body('\nNotice: Undefined index in /a.php on line 1\n[]'),
      /not JSON/,
    ],
    ['two lists', body('[][]'), /not JSON/],
    ['half a list', body('[{"type":"send","message":'), /not JSON/],
    [
      'gzip that nobody asked for',
      { body: gzipSync('[]'), headers: { 'content-encoding': 'gzip' } },
      /not JSON/,
    ],
    ['bytes', body(Buffer.from([0, 255, 254, 1, 27, 91, 50, 74])), /not JSON/],
    ['UTF-16', body(Buffer.from('[]', 'utf16le')), /not JSON/],
    ['a list too long', body(`[${' '.repeat(2_000)}]`), /larger than 1024 bytes/, { maxAnswerBytes: 1_024 }],
    ['an endless body', 'endless', /larger than 1048576 bytes/],
  ])('%s', async (_what, bad, why, options) => {
    await using on = await start(bad, options);
    const { attempts, good, lines } = await on.go();
    expect(attempts).toEqual(['2 1']);
    expect(good).toBe(0);
    expect(lines).toEqual([expect.stringMatching(why)]);
    expect(lines[0]).toMatch(/^! backend answered client-go, but .*expected a JSON list of commands/s);
  });
});

describe('an answer with nothing in it is fine', () => {
  test.each<[what: string, answer: Answer]>([
    ['an empty list', []],
    ['no body', body('')],
    ['white space', body(' \r\n')],
    ['204', { status: 204, body: '' }],
    ['201 with a list', { status: 201, body: [] }],
    ['a list after a byte order mark', body('\u{FEFF}[]')],
    ['a list with a content type of text', { body: '[]', headers: { 'content-type': 'text/html' } }],
  ])('%s', async (_what, answer) => {
    await using on = await start(answer);
    expect(await on.go()).toEqual({ attempts: ['2 1'], good: 0, lines: [] });
  });
});

describe('a failure is sent again with the same id until it is taken, and told once in the log', () => {
  test.each<[what: string, bad: Answer, reason: RegExp]>([
    ['500', { status: 500, body: 'Internal' }, /status 500/],
    ['500 with a list, which does not run', { status: 500, body: [{ type: 'close' }] }, /status 500/],
    ['502', { status: 502, body: html.body }, /status 502/],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '0' } }, /status 503/],
    ['504', { status: 504 }, /status 504/],
    ['408', { status: 408 }, /status 408/],
    ['425', { status: 425 }, /status 425/],
    [
      '429 with a Retry-After that is garbage',
      { status: 429, headers: { 'retry-after': 'soon' } },
      /status 429/,
    ],
    ['301', { status: 301, headers: { location: '/redirected' } }, /status 301/],
    ['302', 'redirect', /status 302/],
    ['307', { status: 307, headers: { location: '/redirected' } }, /status 307/],
    ['304', { status: 304 }, /status 304/],
    ['401', { status: 401 }, /status 401/],
    ['403', { status: 403 }, /status 403/],
    ['404', { status: 404, body: html.body }, /status 404/],
    ['a reset', 'reset', /./],
    ['a body that is cut off', 'truncate', /./],
    ['what is no HTTP', 'garbage', /./],
    ['no answer at all', 'hang', /no answer within 300 ms/],
    ['one byte each 100 ms', 'drip', /no answer within 300 ms/],
  ])('%s', async (_what, bad, reason) => {
    await using on = await start(bad, { timeoutMs: bad === 'hang' || bad === 'drip' ? 300 : 30_000 });
    const { attempts, good, lines } = await on.go();
    expect(attempts).toEqual(['2 1', '2 2']);
    expect(good).toBe(1);
    expect(lines).toEqual(['! client-go failed and is sent again:']);
    const line = on.broker.logs.entries.find(({ level }) => level === 'warn');
    expect(line?.fields['reason']).toMatch(reason);
    expect(line?.fields['id']).toMatch(/-2$/);
    // Redirects are never followed.
    expect(on.backend.refused).toEqual([]);
    expect(on.backend.events.filter(({ path }) => path !== '/')).toEqual([]);
  });
});

describe('an event that the backend refuses for good is given up at once, with one line, and the next goes on', () => {
  test.each([400, 405, 409, 410, 413, 418, 422, 451])('%i', async (status) => {
    await using on = await start({ status, body: 'no' });
    const { attempts, good, lines } = await on.go();
    expect(attempts).toEqual(['2 1']);
    expect(good).toBe(0);
    expect(lines).toEqual(['! client-go was not delivered and is given up:']);
    const { fields } = await on.broker.logs.next(({ level }) => level === 'error');
    expect(fields).toEqual({ id: expect.stringMatching(/-2$/) as string, reason: `status ${status}` });
  });
});

test('an event that stays undeliverable is given up when it is too old, and the next goes on', async () => {
  await using backend = await startFakeBackend(({ message }) =>
    message.type === 'client-poison' ? { status: 500 } : [],
  );
  await using broker = await startBroker({
    backend: { url: backend.url },
    retryMinMs: 1,
    retryMaxMs: 20,
    maxEventAgeMs: 300,
  });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'poison' });
  await broker.logs.next(({ level, message }) => level === 'error' && message.includes('client-poison'));
  client.send({ type: 'after' });
  await backend.next(({ message }) => message.type === 'client-after');
  const ids = backend.events.filter(({ message }) => message.type === 'client-poison').map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(1);
  expect(new Set(ids).size).toBe(1);
});

test('one bad command among good ones: the good ones run', async () => {
  const good = (n: number) => ({ type: 'send', message: { n } });
  await using on = await start([
    good(1),
    { type: 'confetti' },
    good(2),
    null,
    good(3),
    { type: 'send' },
    good(4),
  ]);
  const { lines } = await on.go();
  expect(on.client.received.flatMap(({ n }) => n ?? [])).toEqual([1, 2, 3, 4]);
  expect(lines).toHaveLength(3);
});

test('1 MB of commands run, in order, while other connections are served', async () => {
  const one = { type: 'send', match: { n: 'nobody' }, message: 1 };
  const many = Array.from({ length: Math.floor(1_000_000 / (JSON.stringify(one).length + 1)) }, () => one);
  await using on = await start([...many, { type: 'send', message: { type: 'end' } }], {}, { log: false });
  await using other = await connectRaw(on.broker.url);
  on.client.send({ type: 'go' });
  await on.backend.next(({ message }) => message.type === 'client-go');
  other.send({ type: 'meanwhile' });
  const end = on.client.next(({ type }) => type === 'end').then(() => 'end');
  const served = other.next(({ of }) => of === 'client-meanwhile').then(() => 'served');
  expect(await Promise.race([served, end])).toBe('served');
  await end;
});

test('a list of nothing but mistakes does not fill the log', async () => {
  await using on = await start([
    ...Array.from({ length: 5_000 }, () => null),
    { type: 'send', message: { type: 'end' } },
  ]);
  const { lines } = await on.go();
  expect(lines.length).toBeLessThan(30);
  expect(lines.at(-1)).toMatch(/4980 more commands/);
  await on.client.next(({ type }) => type === 'end');
});

test('what a bad answer holds cannot forge a line of the log or steer the terminal', async () => {
  const lines: string[] = [];
  const log = createTextLogger('warn', (line) => lines.push(line));
  await using on = await start(body('\n! forged line\n\u001b[2J['), {}, { log });
  await on.go();
  expect(lines).toEqual([expect.stringContaining('not JSON')]);
  // oxlint-disable-next-line no-control-regex
  expect(lines[0]).not.toMatch(/[\u0000-\u001f]/);
});
