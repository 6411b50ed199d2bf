import { once } from 'node:events';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connectRaw, MemoryLogger, watchForLeaks } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from './index.ts';

/** A shared key instead of a certificate, which a test would have to keep or to make. */
const psk = Buffer.alloc(32, 7);
const tls = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const client = {
  ...tls,
  pskCallback: () => ({ psk, identity: 'test' }),
  // There is no certificate to check; the types of `ws` and of Node differ on what `nothing wrong` is.
  checkServerIdentity: (() => undefined) as never,
};

test('with a `server` of node:https, clients connect by wss, messages go both ways, and commands are taken', async () => {
  const leaks = watchForLeaks();
  const server = createServer({ ...tls, pskCallback: () => psk }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const broker = Broker({
    server,
    log: new MemoryLogger(),
    backend: {
      type: 'function',
      allow: ['127.0.0.1'],
      handle: ({ type }) => (type === 'client-hello' ? [{ type: 'send', message: { type: 'hello' } }] : []),
    },
  });
  await broker.ready;
  {
    await using secure = await connectRaw(`wss://127.0.0.1:${port}/`, { ws: client });
    secure.send({ type: 'hello' });
    expect(await secure.next()).toEqual({ type: 'hello' });
    broker.broadcast('x'.repeat(300_000));
    expect(await secure.next()).toHaveLength(300_000);

    const body = '[{"type":"list","count":true}]';
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const post = request({ host: '127.0.0.1', port, method: 'POST', agent: false, headers, ...client });
    post.end(body);
    const [response] = (await once(post, 'response')) as [AsyncIterable<Buffer>];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    expect(text).toBe('[{"count":1}]');
  }
  await broker.close();
  await new Promise((resolve) => server.close(resolve));
  await leaks.assertNone();
});
