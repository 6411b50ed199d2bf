import { brokerStarter, connectRaw, connectTcp, postText, startFakeBackend } from '@wsbroker/testkit';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import type { BrokerOptions } from '../../api.ts';
import { Broker } from '../../broker.ts';

const startBroker = brokerStarter(Broker);

const secretOf = (letter: string): string => `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`;
const [secret, newSecret, wrongSecret] = [secretOf('a'), secretOf('b'), secretOf('c')];
const backend = {
  type: 'function',
  handle: () => [],
  allow: ['127.0.0.1'],
} satisfies BrokerOptions['backend'];

/** A broker that counts what commands have done. */
const startCounting = async (options: { secret?: string | string[] } = {}) => {
  const ran: unknown[] = [];
  const broker = await startBroker({
    secret,
    ...options,
    backend,
    backendCommands: {
      count: (command) => {
        ran.push(command['text']);
        return ran.length;
      },
    },
  });
  return Object.assign(broker, { ran });
};

const jsonOf = (text: unknown = 'grüß dich 👋'): string =>
  JSON.stringify([
    { type: 'count', text },
    { type: 'send', message: { type: 'changed' } },
    { type: 'session', data: { changed: 'yes' } },
  ]);

interface Signed {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** A POST as any backend would sign it, with the package of Standard Webhooks. */
const signedPost = (
  options: { id?: string; secret?: string; secondsAhead?: number; body?: string } = {},
): Signed => {
  const { id = 'c1', secondsAhead = 0, body = jsonOf() } = options;
  const date = new Date(Date.now() + 1_000 * secondsAhead);
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(date.getTime() / 1_000)),
      'webhook-signature': new Webhook(options.secret ?? secret).sign(id, date, body),
    },
  };
};

const without = (header: string): Signed => {
  const { body, headers } = signedPost();
  const { [header]: _left, ...others } = headers;
  return { body, headers: others };
};

const withHeader = (header: string, change: (value: string) => string): Signed => {
  const { body, headers } = signedPost();
  return { body, headers: { ...headers, [header]: change(headers[header] ?? '') } };
};

const post = async (httpUrl: string, { body, headers }: Signed) => postText(httpUrl, body, { headers });

describe('a command POST that is signed', () => {
  test('runs, as JSON and as a form, and each with an id of its own', async () => {
    await using broker = await startCounting();
    await using client = await connectRaw(broker.url);
    expect(await post(broker.httpUrl, signedPost())).toMatchObject({
      status: 200,
      body: [1, { matched: 1 }, {}],
    });
    expect(await client.next()).toEqual({ type: 'changed' });
    const form = signedPost({ id: 'c2', body: new URLSearchParams({ data: jsonOf() }).toString() });
    form.headers['content-type'] = 'application/x-www-form-urlencoded';
    expect(await post(broker.httpUrl, form)).toMatchObject({ status: 200 });
    expect(broker.ran).toEqual(['grüß dich 👋', 'grüß dich 👋']);
  });

  test.each([-250, 250])('P96: %d seconds off runs', async (secondsAhead) => {
    await using broker = await startCounting();
    expect(await post(broker.httpUrl, signedPost({ secondsAhead }))).toMatchObject({ status: 200 });
    expect(broker.ran).toHaveLength(1);
  });

  test('P95: with either of two secrets runs, and with one that was taken out no more', async () => {
    await using rotating = await startCounting({ secret: [newSecret, secret] });
    expect(await post(rotating.httpUrl, signedPost({ id: 'a', secret }))).toMatchObject({ status: 200 });
    expect(await post(rotating.httpUrl, signedPost({ id: 'b', secret: newSecret }))).toMatchObject({
      status: 200,
    });
    const both = signedPost({ id: 'c', secret: newSecret });
    const other = signedPost({ id: 'c', secret: wrongSecret });
    both.headers['webhook-signature'] =
      `${other.headers['webhook-signature']} ${both.headers['webhook-signature']}`;
    expect(await post(rotating.httpUrl, both)).toMatchObject({ status: 200 });
    expect(await post(rotating.httpUrl, signedPost({ id: 'd', secret: wrongSecret }))).toMatchObject({
      status: 401,
    });
    expect(rotating.ran).toHaveLength(3);
  });

  test('P99: is refused all the same where something else says no', async () => {
    await using broker = await startCounting();
    for (const header of ['x-forwarded-for', 'origin', 'via']) {
      const { body, headers } = signedPost();
      const refused = await post(broker.httpUrl, {
        body,
        headers: { ...headers, [header]: 'http://127.0.0.1' },
      });
      expect(refused).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
    }
    const { body, headers } = signedPost();
    const elsewhere = await postText(broker.httpUrl, body, { headers, localAddress: '127.0.0.2' });
    expect(elsewhere).toMatchObject({ status: 403 });
    expect(broker.ran).toEqual([]);
  });
});

// P97
describe('a command POST changes nothing when it is', () => {
  const truncated = (): Signed => {
    const { body, headers } = signedPost({ body: `${jsonOf()}  ` });
    return { body: body.trim(), headers };
  };

  test.each<[string, () => Signed, RegExp]>([
    ['unsigned', () => ({ body: jsonOf(), headers: { 'content-type': 'application/json' } }), /not signed/],
    ['without an id', () => without('webhook-id'), /not signed/],
    ['without a timestamp', () => without('webhook-timestamp'), /not signed/],
    ['without a signature', () => without('webhook-signature'), /not signed/],
    ['with an empty signature', () => withHeader('webhook-signature', () => ''), /not signed/],
    ['stale', () => signedPost({ secondsAhead: -350 }), /3\d\d seconds behind .* at most 300/],
    ['of the future', () => signedPost({ secondsAhead: 350 }), /3\d\d seconds ahead .* at most 300/],
    ['of long ago', () => signedPost({ secondsAhead: -86_400 }), /864\d\d seconds behind/],
    [
      'signed with another secret',
      () => signedPost({ secret: wrongSecret }),
      /webhook-signature is not of this body/,
    ],
    ['given another id', () => withHeader('webhook-id', (id) => `${id}x`), /not of this body/],
    [
      'given another time',
      () => withHeader('webhook-timestamp', (time) => String(Number(time) + 1)),
      /not of this body/,
    ],
    [
      'given a time that is none',
      () => withHeader('webhook-timestamp', (time) => `${time}.5`),
      /whole seconds/,
    ],
    ['given an id with a dot', () => withHeader('webhook-id', () => 'c.1'), /without a dot/],
    [
      'given a signature cut short',
      () => withHeader('webhook-signature', (text) => text.slice(0, -2)),
      /not of this body/,
    ],
    ['given no more than a version', () => withHeader('webhook-signature', () => 'v1,'), /not of this body/],
    [
      'given a signature of another version',
      () => withHeader('webhook-signature', (text) => text.replace('v1,', 'v1a,')),
      /not of this body/,
    ],
    ['given other commands', () => ({ ...signedPost(), body: jsonOf('forged') }), /not of this body/],
    ['cut short', truncated, /not of this body/],
    ['emptied', () => ({ ...signedPost(), body: '' }), /not of this body/],
    ['given one space more', () => ({ ...signedPost(), body: `${jsonOf()} ` }), /not of this body/],
  ])('%s', async (_how, forgedNow, why) => {
    await using broker = await startCounting();
    await using client = await connectRaw(broker.url);
    const refused = await post(broker.httpUrl, forgedNow());
    expect(refused).toMatchObject({
      status: 401,
      body: { error: { code: 'bad-signature', message: expect.stringMatching(why) as string } },
    });
    expect(broker.ran).toEqual([]);
    // The id is not used up, and the answer to the right one shows that nothing has changed.
    const list = signedPost({ body: '[{"type":"list"}]' });
    const { body } = await post(broker.httpUrl, list);
    const [connections] = body as [[Record<string, unknown>]];
    expect(connections).toHaveLength(1);
    expect(connections[0]).not.toHaveProperty('changed');
    expect(client.received).toEqual([]);
    const logged = JSON.stringify(broker.logs.entries);
    expect(logged).toContain('refused a command POST');
    for (const hidden of [secret, list.headers['webhook-signature']]) expect(logged).not.toContain(hidden);
  });

  // P98
  test('replayed', async () => {
    await using broker = await startCounting();
    const once = signedPost();
    expect(await post(broker.httpUrl, once)).toMatchObject({ status: 200 });
    const anew = signedPost({ secondsAhead: 1 });
    for (const again of [once, anew, { ...once, body: `${once.body} ` }]) {
      expect(await post(broker.httpUrl, again)).toMatchObject({
        status: 409,
        body: { error: { code: 'replayed', message: expect.stringContaining('c1') as string } },
      });
    }
    expect(broker.ran).toHaveLength(1);
  });

  test('sent many times at once, but for one of them', async () => {
    await using broker = await startCounting();
    const once = signedPost();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(broker.httpUrl, once)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, ...Array<number>(19).fill(409)]);
    expect(broker.ran).toHaveLength(1);
  });

  test('refused by its head, before a body is read that never comes', async () => {
    await using broker = await startCounting();
    for (const { headers } of [signedPost({ secondsAhead: -400 }), without('webhook-signature')]) {
      await using tcp = await connectTcp(broker.port);
      const lines = Object.entries({ host: 'localhost', 'content-length': '1000000', ...headers });
      tcp.write(`POST / HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
      await tcp.receiving(/^HTTP\/1\.1 401 .*"bad-signature"/s);
    }
    expect(broker.ran).toEqual([]);
  });
});

test('P99: commands in the answer to an event need no signature: nobody else could have given it', async () => {
  await using fake = await startFakeBackend([{ type: 'send', message: { type: 'welcome' } }]);
  await using broker = await startBroker({ secret, backend: { type: 'http', url: fake.url } });
  await using client = await connectRaw(broker.url);
  expect(await client.next()).toEqual({ type: 'welcome' });
});

test.each([
  ['too short', 'whsec_c2hvcnQ='],
  ['without padding', secret.replace('=', '')],
  ['not base64', `whsec_${'!'.repeat(44)}`],
  ['one of two', [secret, 'whsec_c2hvcnQ=']],
  ['three', [secret, newSecret, wrongSecret]],
  ['none', []],
])('a secret that is not usable is a bad option, and not shown: %s', (_how, bad) => {
  let error: unknown;
  try {
    Broker({ port: 0, secret: bad, backend });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'bad-option', message: expect.stringContaining('`secret') as string });
  for (const text of [bad].flat()) expect((error as Error).message).not.toContain(text.slice(6));
});
