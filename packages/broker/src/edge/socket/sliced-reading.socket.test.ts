import { once } from 'node:events';
import { createServer as createPlainServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clientClose, clientText } from '../../../test/client-frame.ts';
import { Broker } from '../../index.ts';

/** A shared key instead of a certificate, which a test would have to keep or to make. */
const psk = Buffer.alloc(32, 7);
const tls = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

const handshake = Buffer.from(
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: 0aCw4LH5MR7bIacx5PtEtA==\r\n\r\n',
);

const connectors = {
  'plain TCP': {
    server: () => createPlainServer(),
    connect: (port: number): Socket => connectTcp({ port, host: '127.0.0.1' }),
  },
  TLS: {
    server: () => createSecureServer({ ...tls, pskCallback: () => psk }),
    connect: (port: number): Socket =>
      connectTls({
        ...tls,
        port,
        host: '127.0.0.1',
        pskCallback: () => ({ psk, identity: 'test' }),
        checkServerIdentity: () => undefined,
      }),
  },
};

test.each(Object.keys(connectors) as (keyof typeof connectors)[])(
  'over %s: however the stream is cut and the client held back, every message arrives once and in order, then the close',
  async (kind) => {
    const { server: createServer, connect } = connectors[kind];
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    let events: unknown[] = [];
    let ended: () => void = () => {};
    const broker = Broker({
      server,
      log: false,
      // So small that reading pauses all the time, for one reason or another.
      maxQueuedEvents: 3,
      messagesPerSecond: 2_000,
      messageBurst: 20,
      backend: {
        type: 'function',
        handle: async (event) => {
          if (Number(event['n']) % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
          events.push(event['n'] ?? event.type);
          if (event.type === 'session-disconnect') ended();
        },
      },
    });
    await broker.ready;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 9_000 })), {
          minLength: 1,
          maxLength: 80,
        }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.boolean()), { minLength: 1, maxLength: 40 }),
        async (sizes, cuts) => {
          events = [];
          const isOver = new Promise<void>((resolve) => (ended = resolve));
          const frames = sizes.map((size, n) =>
            clientText(JSON.stringify({ type: 'say', n, text: 'x'.repeat(size) })),
          );
          // The handshake as well: what comes with it is the first that the socket reads.
          const bytes = Buffer.concat([handshake, ...frames, clientClose]);
          const socket = connect(port);
          socket.on('error', () => {});
          socket.resume();
          let at = 0;
          for (const [count, waits] of cuts) {
            socket.write(bytes.subarray(at, at + count));
            at += count;
            if (waits) await new Promise((resolve) => setImmediate(resolve));
          }
          socket.write(bytes.subarray(at));
          await isOver;
          socket.destroy();
          expect(events).toEqual(['session-connect', ...sizes.map((_, n) => n), 'session-disconnect']);
        },
      ),
      { numRuns: 25 },
    );
    await broker.close();
    await new Promise((resolve) => server.close(resolve));
  },
);
