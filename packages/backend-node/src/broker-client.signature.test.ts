import { Webhook } from 'standardwebhooks';
import { expect, test, vi } from 'vitest';
import { newSecret, secret, wrongSecret } from '../test/signed.ts';
import { type BrokerClientOptions, createBrokerClient } from './broker-client.ts';

const url = 'http://127.0.0.1:31002/';
type Fetch = NonNullable<BrokerClientOptions['fetch']>;

const answering = () => vi.fn<Fetch>(async () => Promise.resolve(Response.json([{ matched: 1 }])));

const posted = (fetch: ReturnType<typeof answering>, at = 0) => {
  const [, init] = fetch.mock.calls[at] ?? [];
  return { body: init?.body as string, headers: Object.fromEntries(new Headers(init?.headers)) };
};

test.each(['form', 'json'] as const)(
  'another implementation verifies what it signs, as %s',
  async (encoding) => {
    const fetch = answering();
    await createBrokerClient({ url, fetch, secret, encoding }).send({ type: 'said', text: 'grüß dich 👋' });
    const { body, headers } = posted(fetch);
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    expect(() => new Webhook(wrongSecret).verify(body, headers, { jsonParse: false })).toThrow('No matching');
  },
);

test('each POST has an id of its own, and a signature for each secret', async () => {
  const fetch = answering();
  const client = createBrokerClient({ url, fetch, secret: [newSecret, secret] });
  await client.send({ type: 'one' });
  await client.send({ type: 'one' });
  const [one, two] = [posted(fetch), posted(fetch, 1)];
  expect(one.headers['webhook-id']).not.toBe(two.headers['webhook-id']);
  for (const text of [secret, newSecret])
    new Webhook(text).verify(one.body, one.headers, { jsonParse: false });
});

test('without a secret nothing is signed', async () => {
  const fetch = answering();
  await createBrokerClient({ url, fetch }).send({ type: 'one' });
  expect(Object.keys(posted(fetch).headers).filter((name) => name.startsWith('webhook'))).toEqual([]);
});

test.each([[undefined], [[]], [''], ['whsec_c2hvcnQ=']])('the secret %j throws, and is not shown', (bad) => {
  const create = () => createBrokerClient({ url, secret: bad as unknown as string });
  expect(create).toThrow(TypeError);
  expect(create).toThrow(/^(?!.*c2hvcnQ).*secret is .*expected.*whsec_/s);
});
