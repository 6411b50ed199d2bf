import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { connect } from 'node:tls';
import {
  authority,
  certificate,
  connectRaw,
  connectTcp,
  connectV1,
  type FakeBackend,
  postText,
  startFakeBackend,
} from '@wsbroker/testkit';
import { readSecret, sign } from '@wsbroker/protocol/signature';
import { payloadCanary, secretCanary } from './canaries.ts';

/** Base64 of 32 bytes. */
const secret = `whsec_${secretCanary}=`;

const headers = {
  cookie: `session=${secretCanary}; other=${secretCanary}`,
  authorization: `Bearer ${secretCanary}`,
  'user-agent': secretCanary,
  'x-api-key': secretCanary,
};

const said = { text: payloadCanary, [payloadCanary]: [payloadCanary] };
const html = `<html>${payloadCanary}</html>`;

/** A backend that answers each event in another way, most of them bad. */
const answers: Readonly<Record<string, unknown>> = {
  'session-connect': [
    { type: 'session', data: { name: payloadCanary, room: 'a' } },
    { type: 'send', message: { type: 'welcome', ...said } },
  ],
  'client-html': { body: html },
  'client-half': { body: `[{"type":"send","message":"${payloadCanary}` },
  'client-string': { body: JSON.stringify(payloadCanary) },
  'client-object': { body: said },
  'client-gone': { status: 410, body: html, headers: { 'x-why': payloadCanary } },
  'client-moved': { status: 302, headers: { location: `/${payloadCanary}` }, body: html },
  'client-busy': { status: 500, body: html },
  'client-commands': [
    { type: 'nothing', ...said },
    { type: 'send' },
    { type: 'session', data: payloadCanary },
    { type: 'session', data: { ip: payloadCanary } },
    { type: 'close', code: payloadCanary, reason: payloadCanary },
    { type: 'close', code: 99, reason: payloadCanary },
    { type: 'list', cursor: payloadCanary, limit: 1 },
    { type: 'list', match: payloadCanary },
    { type: 'send', message: said, match: { room: { deep: payloadCanary } } },
    { type: 'reply', message: said },
    { type: 5, ...said },
    payloadCanary,
    null,
    { type: 'send', message: said, match: { room: 'A' } },
  ],
};

/** Bytes that are no HTTP, with a payload in them. */
export const startGarbageBackend = async (): Promise<Server & { readonly url: string }> => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(`${payloadCanary} ${payloadCanary}\r\n\r\n`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(server, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
};

/** Options with a secret in every place where one can be. */
export const optionsWithSecrets = (backend: FakeBackend) => ({
  port: 0,
  host: '127.0.0.1',
  secret,
  backend: {
    type: 'http' as const,
    url: `http://user:${secretCanary}@127.0.0.1:${backend.port}/events?token=${secretCanary}`,
    allow: ['127.0.0.1'],
  },
  tls: { cert: certificate('first').certFile, key: certificate('first').keyFile },
  handshakeTimeoutMs: 400,
  requestTimeoutMs: 400,
  retryMaxMs: 20,
  maxPoisonAttempts: 2,
  maxEventAgeMs: 1_000,
  maxMessageBytes: 10_000,
  drainMs: 500,
  resumeGraceMs: 200,
});

export const startCanaryBackend = (): Promise<FakeBackend> =>
  startFakeBackend(({ message: { type } }) => answers[type] as never);

export interface Seen {
  /** Every answer that says no, head and body. */
  readonly answers: string[];
  /** Resume tokens that the broker gave. */
  readonly tokens: string[];
}

/** Does with a broker all that clients, backends and strangers do, well and badly. */
export const doEverything = async (port: number, backend: FakeBackend): Promise<Seen> => {
  const seen: Seen = { answers: [], tokens: [] };
  const tls = { ca: authority.cert };
  const wss = `wss://127.0.0.1:${port}/chat?token=${secretCanary}`;
  const delivered = (type: string) => backend.next((event) => event.message.type === type);

  await beClients({ wss, tls, seen, delivered });
  await bePoorClients({ wss, tls, seen });
  await beStrangers({ port, tls, seen });
  await postAll({ url: `https://127.0.0.1:${port}/`, tls, seen });
  return seen;
};

interface ClientPart {
  readonly wss: string;
  readonly tls: { readonly ca: string };
  readonly seen: Seen;
}

const beClients = async ({
  wss,
  tls,
  seen,
  delivered,
}: ClientPart & { readonly delivered: (type: string) => Promise<unknown> }): Promise<void> => {
  const types = Object.keys(answers).flatMap((type) => (type.startsWith('client-') ? [type.slice(7)] : []));
  const plain = await connectRaw(wss, { headers, ws: tls });
  await plain.next((message) => message['type'] === 'welcome');
  for (const type of types) {
    plain.send({ type, ...said });
    await delivered(`client-${type}`);
  }
  await plain.close(1000, secretCanary);

  const first = await connectV1(wss, { headers, ws: tls });
  await first.nextMessage();
  first.request(1, { type: 'object', ...said });
  first.send({ type: 'gone', ...said });
  await first.nextFrame('failed');
  await first.terminate();
  const { token } = first.opened;
  const again = await connectV1(wss, { headers, ws: tls, token, received: first.received });
  await again.close(1000);
  const stranger = await connectV1(wss, { headers, ws: tls, token: secretCanary });
  seen.tokens.push(token, again.opened.token, stranger.opened.token);
  stranger.sendFrame(`["ack","${payloadCanary}"]`);
  await stranger.closed;
  await connectV1(wss, { headers, ws: tls, token: secretCanary.repeat(10) }).catch(() => {});
};

/** Messages that cannot be taken, and handshakes that are refused. */
const bePoorClients = async ({ wss, tls, seen }: ClientPart): Promise<void> => {
  const plain = await connectRaw(wss, { headers, ws: tls });
  const refused = [
    payloadCanary,
    `{"type":"a","text":"${payloadCanary}`,
    `{"type":"${payloadCanary} "}`,
    `{"type":5,"text":"${payloadCanary}"}`,
    `["${payloadCanary}"]`,
    `{"type":"a","type":"b","text":"${payloadCanary}"}`,
    `{"text":"${payloadCanary}","deep":${'['.repeat(100)}${']'.repeat(100)}}`,
  ];
  for (const text of refused) plain.send(text);
  for (const _ of refused) await plain.next((message) => message['type'] === 'broker-error');
  plain.sendBytes(Buffer.from(`\xff${payloadCanary}`, 'latin1'));
  plain.send({ type: 'large', text: payloadCanary.repeat(1_000) });
  await plain.closed;
  const foreign = { ...headers, origin: `https://evil.example${'x'.repeat(5_000)}` };
  await connectRaw(wss, { headers: foreign, ws: tls }).catch((error: unknown) =>
    seen.answers.push(String(error)),
  );
};

/** Whoever may come to a port of the internet. */
const beStrangers = async ({
  port,
  tls,
  seen,
}: {
  readonly port: number;
  readonly tls: { readonly ca: string };
  readonly seen: Seen;
}): Promise<void> => {
  const head = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const get = `GET /?token=${secretCanary} HTTP/1.1\r\nHost: 127.0.0.1\r\n${head}`;
  const upgrade = `${get}Connection: Upgrade\r\nUpgrade: websocket\r\n`;
  for (const text of [
    `${get}${secretCanary}\r\n\r\n`,
    `${secretCanary}\r\n\r\n`,
    `${get}Cookie: ${secretCanary.repeat(1_000)}\r\n\r\n`,
    `${upgrade}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${secretCanary}\r\n\r\n`,
    `${upgrade}Sec-WebSocket-Version: 1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    `${get}Connection: close\r\n\r\n`,
    `${get.replace('GET', 'PUT')}Connection: close\r\n\r\n`,
    get,
    '',
  ]) {
    const socket = connect({ host: '127.0.0.1', port, ...tls });
    socket.on('error', () => {});
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    socket.write(text);
    await once(socket, 'close');
    seen.answers.push(answer);
  }
  // Without TLS.
  const plain = await connectTcp(port);
  plain.write(get);
  await plain.ended;
  seen.answers.push(plain.text);
  await plain[Symbol.asyncDispose]();
};

const postAll = async ({
  url,
  tls,
  seen,
}: {
  readonly url: string;
  readonly tls: { readonly ca: string };
  readonly seen: Seen;
}): Promise<void> => {
  const keys = [readSecret(secret)];
  let id = 0;
  const post = async (body: string, more: Record<string, string> = {}, isSigned = true): Promise<void> => {
    id += 1;
    const timestampSeconds = Math.floor(Date.now() / 1_000);
    const signed = {
      'webhook-id': String(id),
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': sign(keys, { id: String(id), timestampSeconds, body }),
    };
    const answer = await postText(`${url}?token=${secretCanary}`, body, {
      headers: { ...headers, 'content-type': 'application/json', ...(isSigned ? signed : {}), ...more },
      tls,
    });
    // What `list` gives to whom it may be given is no leak.
    if (answer.status !== 200) seen.answers.push(JSON.stringify(answer));
    else
      for (const result of answer.body as unknown[])
        if (isError(result)) seen.answers.push(JSON.stringify(result));
  };
  await post(JSON.stringify([{ type: 'send', message: said }, { type: 'list' }]));
  await post(
    JSON.stringify([
      { type: 'session', data: said },
      { type: 'close', reason: payloadCanary },
    ]),
  );
  await post(JSON.stringify(answers['client-commands']));
  for (const body of [
    payloadCanary,
    `[{"type":"send","message":"${payloadCanary}`,
    JSON.stringify(payloadCanary),
    JSON.stringify(said),
  ]) {
    await post(body);
    await post(`data=${encodeURIComponent(body)}`, { 'content-type': 'application/x-www-form-urlencoded' });
  }
  await post(payloadCanary, { 'content-type': 'text/plain' });
  await post('[]', {}, false);
  await post('[]', { 'webhook-signature': `v1,${secretCanary}` });
  await post('[]', { 'x-forwarded-for': secretCanary });
  await post('[]', { 'sec-fetch-site': secretCanary });
  await post(JSON.stringify([payloadCanary.repeat(50_000)]));
};

const isError = (result: unknown): boolean =>
  typeof result === 'object' && result !== null && Object.hasOwn(result, 'error');
