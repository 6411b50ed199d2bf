import { JsonText } from '@wsbroker/protocol';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  authority,
  brokerStarter,
  certificate,
  type CertificateName,
  connectRaw,
  startFakeBackend,
  weakCiphers,
} from '@wsbroker/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { Broker } from '../index.ts';
import { httpBackendSchema } from '../options.ts';
import { HttpBackend } from './http-backend.ts';

const startBroker = brokerStarter(Broker);

const delivery = {
  id: 'k-1',
  attempt: 1,
  messageJson: '{"type":"client-say"}',
  connection: new JsonText('{"wskey":"k"}'),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

const secureBackend = (name: CertificateName, tls: object = {}) => {
  const { cert, key } = certificate(name);
  return startFakeBackend([], { tls: { cert, key, ...tls } });
};

const ca = authority.certFile;

const answerOf = async (url: string, more: object) => {
  const backend = new HttpBackend(httpBackendSchema.parse({ url, ...more }));
  try {
    return await backend.deliver(delivery, new AbortController().signal);
  } finally {
    await backend.close();
  }
};

test('events go to an https:// backend whose certificate an authority in `backend.ca` has signed', async () => {
  await using backend = await secureBackend('first');
  expect(await answerOf(backend.url, { ca })).toEqual({ outcome: 'delivered', answer: [] });
  expect(backend.events).toHaveLength(1);
});

test('HTTP/1.1 is spoken with a backend that would rather speak HTTP/2', async () => {
  await using backend = await secureBackend('first', { ALPNProtocols: ['h2', 'http/1.1'] });
  expect(await answerOf(backend.url, { ca })).toMatchObject({ outcome: 'delivered' });
});

describe('a backend whose certificate is not accepted gets nothing, and the reason says why and what to do', () => {
  test.each<[string, CertificateName, object, RegExp]>([
    [
      'signed by an authority that nobody named',
      'first',
      {},
      /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER.*`backend\.ca`/,
    ],
    ['self-signed', 'self-signed', {}, /self-signed certificate.*`backend\.ca`/],
    ['self-signed, another authority named', 'self-signed', { ca }, /self-signed certificate.*`backend\.ca`/],
    ['expired', 'expired', { ca }, /certificate has expired.*renew it/],
    ['for another host', 'other-host', { ca }, /127\.0\.0\.1.*call the backend by a name that is in it/],
  ])('%s', async (_what, name, more, reason) => {
    await using backend = await secureBackend(name);
    const answer = await answerOf(backend.url, more);
    expect(answer).toMatchObject({ outcome: 'retry', failure: 'unreachable' });
    expect(answer).toHaveProperty('reason', expect.stringMatching(reason));
    expect(answer).toHaveProperty(
      'reason',
      expect.stringMatching(/^the backend's certificate is not accepted: /),
    );
    expect(backend.events).toEqual([]);
    expect(backend.refused).toEqual([]);
  });
});

test('only the authorities of `backend.ca` count once it is set', async () => {
  await using backend = await secureBackend('first');
  const answer = await answerOf(backend.url, { ca: certificate('self-signed').certFile });
  expect(answer).toMatchObject({ outcome: 'retry', failure: 'unreachable' });
});

test('a backend that speaks no more than TLS 1.1 gets nothing', async () => {
  using _ = weakCiphers();
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' };
  await using backend = await secureBackend('first', old);
  expect(await answerOf(backend.url, { ca })).toMatchObject({ outcome: 'retry' });
  expect(backend.events).toEqual([]);
});

describe('NODE_TLS_REJECT_UNAUTHORIZED=0', () => {
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  afterEach(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });

  test('does not switch the check off', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    await using backend = await secureBackend('self-signed');
    expect(await answerOf(backend.url, {})).toMatchObject({ outcome: 'retry', failure: 'unreachable' });
    expect(backend.events).toEqual([]);
  });
});

test('the event waits, the log says why in one line, and it is delivered once the certificate is good', async () => {
  await using bad = await secureBackend('expired');
  const { port } = bad;
  await using broker = await startBroker({
    backend: { type: 'http', url: bad.url, ca },
    retryMaxMs: 100,
    drainMs: 0,
  });
  await using client = await connectRaw(broker.url);
  const { message, fields } = await broker.logs.next(({ level }) => level === 'warn');
  expect(`${message} ${String(fields['reason'])}`).toMatch(
    /^! session-connect failed and is sent again: the backend's certificate is not accepted: certificate has expired/,
  );
  await bad.stop();
  const { cert, key } = certificate('first');
  await using good = await startFakeBackend([], { tls: { cert, key }, port });
  expect((await good.next()).message.type).toBe('session-connect');
  expect(client.isOpen).toBe(true);
});

describe('a `backend.ca` that cannot be used is thrown by Broker(…)', () => {
  const thrown = (backend: { url: string; ca: string }): unknown => {
    try {
      Broker({ port: 0, backend: { type: 'http', ...backend } });
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test('a file that is not there, or has no certificate in it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wsbroker-ca-'));
    const empty = join(folder, 'empty.pem');
    await writeFile(empty, '');
    const url = 'https://localhost/';
    expect(thrown({ url, ca: empty })).toMatchObject({
      code: 'tls-failed',
      message: expect.stringMatching(/^`backend\.ca`: .*empty\.pem has no certificate in it/) as string,
    });
    await rm(folder, { recursive: true });
    expect(thrown({ url, ca: empty })).toMatchObject({
      code: 'tls-failed',
      message: expect.stringMatching(/^`backend\.ca`: .*empty\.pem cannot be read: ENOENT/) as string,
    });
  });

  test('a URL that is not https://', () => {
    expect(thrown({ url: 'http://localhost/', ca })).toMatchObject({ code: 'bad-option' });
  });
});
