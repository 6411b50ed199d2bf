import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import {
  authority,
  brokerStarter,
  certificate,
  type CertificateName,
  connectRaw,
  connectTcp,
  postCommands,
  weakCiphers,
} from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from '../../index.ts';

const startBroker = brokerStarter(Broker);
const trust = { ca: authority.cert };

/** A folder with `cert.pem` and `key.pem`. */
const tlsFolder = async (name: CertificateName = 'first') => {
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-tls-'));
  const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const write = async (next: CertificateName): Promise<void> => {
    await copyFile(certificate(next).certFile, tls.cert);
    await copyFile(certificate(next).keyFile, tls.key);
  };
  await write(name);
  return {
    folder,
    tls,
    write,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
};

const handshake = async (port: number, options: ConnectionOptions = {}): Promise<TLSSocket> => {
  const socket = connect({ host: '127.0.0.1', port, ...trust, ...options });
  await once(socket, 'secureConnect');
  return socket;
};

/** Whose certificate a new client is shown. */
const shown = async (port: number): Promise<string> => {
  const socket = await handshake(port);
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
};

const shownIs = async (port: number, name: CertificateName): Promise<void> => {
  await expect.poll(() => shown(port), { timeout: 20_000, interval: 50 }).toBe(name);
};

test('with `tls` clients connect by wss, commands are POSTed by https, and the log says so', async () => {
  await using files = await tlsFolder();
  await using broker = await startBroker({
    tls: files.tls,
    backend: {
      type: 'function',
      allow: ['127.0.0.1'],
      handle: ({ type }) => (type === 'client-hello' ? [{ type: 'send', message: { type: 'hello' } }] : []),
    },
  });
  expect(broker.logs.messages('info')[0]).toBe(
    `➥ websocket server listening on port ${broker.port} (wss, https)`,
  );
  await using client = await connectRaw(`wss://127.0.0.1:${broker.port}/`, { ws: trust });
  client.send({ type: 'hello' });
  expect(await client.next()).toEqual({ type: 'hello' });
  const url = `https://127.0.0.1:${broker.port}/`;
  expect(await postCommands(url, [{ type: 'list', count: true }], { tls: trust })).toMatchObject({
    status: 200,
    body: [{ count: 1 }],
  });
});

test('TLS 1.1 is refused, 1.2 and 1.3 are spoken', async () => {
  // Else OpenSSL would refuse it for its signatures.
  using _ = weakCiphers();
  await using files = await tlsFolder();
  await using broker = await startBroker({ tls: files.tls });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await handshake(broker.port, { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  }
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const;
  await expect(handshake(broker.port, old)).rejects.toThrow(/protocol version/);
});

test('a new certificate is shown to new clients, and those who are there stay', async () => {
  await using files = await tlsFolder();
  await using broker = await startBroker({
    tls: files.tls,
    onClientMessage: (message) => broker.broadcast(message),
  });
  await using client = await connectRaw(`wss://127.0.0.1:${broker.port}/`, { ws: trust });
  expect(await shown(broker.port)).toBe('first');
  await files.write('second');
  await shownIs(broker.port, 'second');
  await broker.logs.next(({ level, message }) => level === 'info' && message.includes('new certificate'));
  expect(broker.logs.messages('error')).toEqual([]);
  client.send({ type: 'still-here' });
  expect(await client.next()).toEqual({ type: 'still-here' });
});

test('`commandPort` speaks TLS too, and gets the new certificate as well', async () => {
  await using files = await tlsFolder();
  await using broker = await startBroker({
    tls: files.tls,
    commandPort: 0,
    backend: { type: 'function', allow: ['127.0.0.1'], handle: () => [] },
  });
  const port = broker.commandPort ?? 0;
  expect(await shown(port)).toBe('first');
  await files.write('second');
  await shownIs(port, 'second');
  await shownIs(broker.port, 'second');
  const posted = await postCommands(`https://127.0.0.1:${port}/`, [{ type: 'list' }], { tls: trust });
  expect(posted).toMatchObject({ status: 200, body: [[]] });
});

test('a session that began under the old certificate is not resumed under the new one', async () => {
  await using files = await tlsFolder();
  await using broker = await startBroker({ tls: files.tls });
  const before = await handshake(broker.port, { maxVersion: 'TLSv1.2' });
  const session = before.getSession();
  before.destroy();
  await files.write('second');
  await shownIs(broker.port, 'second');
  const after = await handshake(broker.port, { maxVersion: 'TLSv1.2', ...(session && { session }) });
  expect(after.isSessionReused()).toBe(false);
  after.destroy();
});

test('links are followed when they are put elsewhere, as certbot does', async () => {
  await using files = await tlsFolder();
  const [archive, live] = [join(files.folder, 'archive'), join(files.folder, 'live')];
  await mkdir(archive);
  await mkdir(live);
  const point = async (name: CertificateName): Promise<void> => {
    for (const kind of ['cert', 'key'] as const) {
      const target = join(archive, `${name}.${kind}.pem`);
      await copyFile(certificate(name)[`${kind}File`], target);
      await symlink(target, join(live, 'next'));
      await rename(join(live, 'next'), join(live, `${kind}.pem`));
    }
  };
  await point('first');
  await using broker = await startBroker({
    tls: { cert: join(live, 'cert.pem'), key: join(live, 'key.pem') },
  });
  expect(await shown(broker.port)).toBe('first');
  await point('second');
  await shownIs(broker.port, 'second');
  // What the links lead to may be written over in its place as well.
  await copyFile(certificate('first').certFile, join(archive, 'second.cert.pem'));
  await copyFile(certificate('first').keyFile, join(archive, 'second.key.pem'));
  await shownIs(broker.port, 'first');
  expect(broker.logs.messages('error')).toEqual([]);
});

test('a folder of links that is swapped as a whole is followed, as in Kubernetes', async () => {
  await using files = await tlsFolder();
  const { folder } = files;
  const swap = async (name: CertificateName): Promise<void> => {
    await mkdir(join(folder, `of-${name}`));
    await copyFile(certificate(name).certFile, join(folder, `of-${name}`, 'cert.pem'));
    await copyFile(certificate(name).keyFile, join(folder, `of-${name}`, 'key.pem'));
    await symlink(`of-${name}`, join(folder, '..next'));
    await rename(join(folder, '..next'), join(folder, '..data'));
  };
  await swap('first');
  await symlink('..data/cert.pem', join(folder, 'tls.crt'));
  await symlink('..data/key.pem', join(folder, 'tls.key'));
  await using broker = await startBroker({
    tls: { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') },
  });
  await swap('second');
  await shownIs(broker.port, 'second');
});

test('a bad pair is told once, the certificate before goes on, and a good pair after it is taken', async () => {
  await using files = await tlsFolder();
  await using broker = await startBroker({ tls: files.tls });
  await copyFile(certificate('second').certFile, files.tls.cert);
  const { fields } = await broker.logs.next(({ level }) => level === 'error');
  expect(fields['err']).toMatchObject({
    code: 'tls-failed',
    message: expect.stringMatching(/cert\.pem and .*key\.pem do not fit/) as string,
  });
  expect(await shown(broker.port)).toBe('first');
  await writeFile(files.tls.cert, 'garbage');
  await broker.logs.next(
    ({ level, fields: { err } }) => level === 'error' && /no certificate/.test(String(err)),
  );
  expect(await shown(broker.port)).toBe('first');
  await rm(files.tls.key);
  await files.write('second');
  await shownIs(broker.port, 'second');
  expect(broker.logs.messages('error')).toHaveLength(2);
});

test('an expired certificate is a warning at the start, and is served all the same', async () => {
  await using files = await tlsFolder('expired');
  await using broker = await startBroker({ tls: files.tls });
  expect(broker.logs.messages('warn')).toEqual([
    expect.stringMatching(/^! the certificate .*cert\.pem has expired on 2021-01-01T/),
  ]);
  await expect(handshake(broker.port)).rejects.toThrow(/expired/);
});

test('a handshake that stalls is cut after `handshakeTimeoutMs`, and others go on meanwhile', async () => {
  await using files = await tlsFolder();
  await using broker = await startBroker({ tls: files.tls, handshakeTimeoutMs: 300 });
  const hello = Buffer.from('160301010001', 'hex');
  for (const begun of [Buffer.alloc(0), hello.subarray(0, 3), hello]) {
    await using stalled = await connectTcp(broker.port);
    stalled.write(begun);
    expect(await shown(broker.port)).toBe('first');
    await stalled.ended;
  }
  const silent = await handshake(broker.port);
  silent.resume();
  await once(silent, 'close');
});

test('who speaks plain HTTP or garbage to the TLS port is cut, without a line at `warn` or above', async () => {
  await using files = await tlsFolder();
  await using broker = await startBroker({ tls: files.tls });
  for (const text of [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    '\u0000'.repeat(100),
    '\x16\x03\x01\x00\x05hello',
  ]) {
    await using plain = await connectTcp(broker.port);
    plain.write(text);
    await plain.ended;
    expect(plain.text).not.toContain('HTTP/1.1 200');
  }
  // A client that trusts others, and says so.
  await expect(handshake(broker.port, { ca: [] })).rejects.toThrow(/certificate/);
  expect(await shown(broker.port)).toBe('first');
  expect(broker.logs.entries.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});

test('many handshakes that are broken off leave nothing behind', async () => {
  await using files = await tlsFolder();
  await using broker = await startBroker({ tls: files.tls });
  const breaks = Array.from({ length: 100 }, async (_, index) => {
    const socket = connect({ host: '127.0.0.1', port: broker.port, ...trust });
    socket.on('error', () => {});
    await delay(index % 10);
    socket.destroy();
  });
  await Promise.all(breaks);
  expect(await shown(broker.port)).toBe('first');
});

test('a file that cannot be used is thrown by Broker(…), which leaves nothing open', async () => {
  await using files = await tlsFolder();
  await rm(files.tls.key);
  expect(() => Broker({ port: 0, tls: files.tls })).toThrow(
    expect.objectContaining({ name: 'BrokerError', code: 'tls-failed' }) as Error,
  );
});
