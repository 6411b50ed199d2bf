/** What somebody who may send commands, or may not, could do to the broker by the way in which he sends them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  brokerStarter,
  certificate,
  connectRaw,
  connectTcp,
  MemoryLogger,
  postCommands,
  postText,
} from '@wsbroker/testkit';
import { describe, expect, test, vi } from 'vitest';
import { Broker, type BrokerOptions } from '../../index.ts';

const startBroker = brokerStarter(Broker);
const backend = { type: 'function' as const, handle: () => [], allow: ['127.0.0.1'] };
const list = [{ type: 'list' }];

describe('P106: a body that has not arrived within `requestTimeoutMs` is given up with 408, and runs nothing', () => {
  const requestTimeoutMs = 400;

  /** Sends a list of commands a byte at a time, and would take a minute for it. */
  const drip = async (port: number) => {
    const body = `[{"type":"seen"}${' '.repeat(600)}]`;
    await using tcp = await connectTcp(port);
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    tcp.write(head);
    const ended = new AbortController();
    void tcp.ended.then(() => ended.abort());
    for (const byte of body) {
      if (ended.signal.aborted) break;
      tcp.write(byte);
      await delay(100, undefined, { signal: ended.signal }).catch(() => {});
    }
    await tcp.ended;
    return tcp.text;
  };

  test('on the broker’s own server', async () => {
    const seen = vi.fn<() => void>();
    await using broker = await startBroker({ backend, requestTimeoutMs, backendCommands: { seen } });
    expect(await drip(broker.port)).toMatch(/^HTTP\/1\.1 408 /);
    expect(seen).not.toHaveBeenCalled();
  });

  test('on the command port', async () => {
    const seen = vi.fn<() => void>();
    const options = { commandPort: 0, requestTimeoutMs, backendCommands: { seen } };
    await using broker = await startBroker({ backend, ...options });
    expect(await drip(broker.commandPort ?? 0)).toMatch(/^HTTP\/1\.1 408 /);
    expect(seen).not.toHaveBeenCalled();
  });

  test('on a server of the application’s that has no limit of its own', async () => {
    const seen = vi.fn<() => void>();
    const server = createServer({ requestTimeout: 0, headersTimeout: 0 }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const broker = Broker({
      server,
      log: new MemoryLogger(),
      backend,
      requestTimeoutMs,
      backendCommands: { seen },
    });
    await broker.ready;
    expect(await drip((server.address() as AddressInfo).port)).toMatch(/^HTTP\/1\.1 408 /);
    expect(seen).not.toHaveBeenCalled();
    await broker.close();
    server.close();
    await once(server, 'close');
  });

  test('one that arrives in time is taken, however slowly its commands run', async () => {
    const options = {
      requestTimeoutMs,
      backendCommands: { slow: () => delay(2 * requestTimeoutMs, 'done') },
    };
    await using broker = await startBroker({ backend, ...options });
    expect(await postCommands(broker.httpUrl, [{ type: 'slow' }])).toMatchObject({
      status: 200,
      body: ['done'],
    });
  });
});

describe('a peer that asks before it sends its body (`Expect: 100-continue`, as curl does with large ones)', () => {
  const head =
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n';

  test.each(['port', 'commandPort'] as const)(
    'is told to send it when its head is right: %s',
    async (door) => {
      await using broker = await startBroker({ backend, ...(door === 'port' ? {} : { commandPort: 0 }) });
      await using tcp = await connectTcp(broker[door] ?? 0);
      tcp.write(`${head}\r\n`);
      await tcp.receiving(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      tcp.write('[]');
      await tcp.receiving(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK.*\[\]$/s);
    },
  );

  test.each(['port', 'commandPort'] as const)('is refused instead when it is not: %s', async (door) => {
    await using broker = await startBroker({ backend, ...(door === 'port' ? {} : { commandPort: 0 }) });
    await using tcp = await connectTcp(broker[door] ?? 0);
    tcp.write(`${head}Via: proxy\r\n\r\n`);
    await tcp.receiving(/^HTTP\/1\.1 403 /);
    await tcp.ended;
  });
});

test('a thousand refused POSTs are a line in the log for each kind, with a count to come, and not a thousand', async () => {
  await using broker = await startBroker({ backend, commandHosts: ['127.0.0.1'] });
  const kinds = [
    { localAddress: '127.0.0.2' },
    { headers: { via: 'x' } },
    { headers: { origin: 'null' } },
    { headers: { host: 'evil.example' } },
  ];
  for (let n = 0; n < 250; n += 1) {
    const answers = await Promise.all(kinds.map((kind) => postCommands(broker.httpUrl, list, kind)));
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
  }
  const lines = broker.logs.entries.filter(({ message }) => message.includes('refused a command POST'));
  // Ten seconds may pass on a slow machine, and then there is one more of each.
  expect(lines.length).toBeGreaterThanOrEqual(4);
  expect(lines.length).toBeLessThan(40);
});

test('a header of 10 kB is not shown whole, neither in the answer nor in the log', async () => {
  await using broker = await startBroker({ backend, commandHosts: ['127.0.0.1'] });
  const long = 'x'.repeat(10_000);
  for (const headers of [{ [`x-forwarded-${long}`]: '1' }, { host: `${long}.example` }]) {
    const { status, body } = await postCommands(broker.httpUrl, list, { headers });
    expect(status).toBe(403);
    expect(JSON.stringify(body).length).toBeLessThan(400);
  }
  for (const { message } of broker.logs.entries) expect(message.length).toBeLessThan(400);
});

test('so many headers that a server would leave some out are refused: the one of a proxy might be among them', async () => {
  const seen = vi.fn<() => void>();
  const server = createServer({ maxHeaderSize: 64 * 1_024 }).listen(0, '127.0.0.1');
  // As Node's default does with 2,000.
  server.maxHeadersCount = 20;
  await once(server, 'listening');
  const broker = Broker({ server, log: new MemoryLogger(), backend, backendCommands: { seen } });
  await broker.ready;
  const { port } = server.address() as AddressInfo;
  const dropped = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`x-${n}`, '']));
  const { status } = await postCommands(`http://127.0.0.1:${port}/`, [{ type: 'seen' }], {
    encoding: 'json',
    headers: { ...dropped, 'x-forwarded-for': '1.2.3.4' },
  });
  // Newer Nodes refuse them by themselves.
  expect([403, 431]).toContain(status);
  expect(seen).not.toHaveBeenCalled();
  await broker.close();
  server.close();
  await once(server, 'close');
});

describe('P107: with `commandHosts`', () => {
  const start = (more: BrokerOptions = {}) =>
    startBroker({ backend, commandHosts: ['localhost', '[::1]:31002', 'broker.example:8080'], ...more });

  test.each<[string, number]>([
    ['localhost', 200],
    ['LOCALHOST', 200],
    ['localhost:80', 200],
    ['localhost:31002', 200],
    ['[::1]:31002', 200],
    ['[0:0:0:0:0:0:0:1]:31002', 200],
    ['broker.example:8080', 200],
    ['[::1]', 403],
    ['[::1]:80', 403],
    ['::1', 403],
    ['broker.example', 403],
    ['broker.example:8081', 403],
    ['127.0.0.1', 403],
    ['localhost.evil', 403],
    ['evil.localhost', 403],
    ['localhost.', 403],
    ['localhost:', 403],
    ['localhost:port', 403],
    ['localhost@evil', 403],
    ['localhost/evil', 403],
    ['localhost, evil', 403],
    [' ', 403],
  ])('the host %j is answered with %i', async (host, status) => {
    await using broker = await start();
    expect((await postCommands(broker.httpUrl, list, { headers: { host } })).status).toBe(status);
  });

  test('no Host at all, as HTTP/1.0 allows, and several of them, are refused', async () => {
    await using broker = await start();
    for (const lines of ['', 'Host: localhost\r\nHost: localhost\r\n', 'Host: localhost\r\nHost: evil\r\n']) {
      await using tcp = await connectTcp(broker.port);
      tcp.write(`POST / HTTP/1.0\r\n${lines}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]`);
      await tcp.receiving(/^HTTP\/1\.1 403 .*commandHosts/s);
    }
  });

  test('WebSockets may ask by any name', async () => {
    await using broker = await start();
    await using client = await connectRaw(broker.url, { headers: { host: 'elsewhere.example' } });
    expect(client.isOpen).toBe(true);
  });
});

test('the command port speaks TLS where `tls` is set', async () => {
  const { certFile: cert, keyFile: key } = certificate('first');
  await using broker = await startBroker({ backend, commandPort: 0, tls: { cert, key } });
  const answer = await postText(`https://127.0.0.1:${broker.commandPort}/`, '[]', {
    headers: { 'content-type': 'application/json' },
    tls: { rejectUnauthorized: false },
  });
  expect(answer).toMatchObject({ status: 200, body: [] });
  await expect(postText(`http://127.0.0.1:${broker.commandPort}/`, '[]')).rejects.toThrow(
    /socket|ECONNRESET/,
  );
});
