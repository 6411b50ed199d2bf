/** A real nginx in front of the broker, on the same machine: its requests come from 127.0.0.1, which `allow` has. */
import { Broker, type BrokerOptions } from '@wsbroker/broker';
import { readSecret, sign } from '@wsbroker/protocol/signature';
import { brokerStarter, connectRaw, has, MemoryLogger, postCommands } from '@wsbroker/testkit';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inRepository } from '../repository.ts';
import { startNginx } from './nginx.ts';

const startBroker = brokerStarter(Broker);

/** A broker with a command that notes that it has run. */
const start = async (options: BrokerOptions = {}) => {
  const ran: unknown[] = [];
  const logs = new MemoryLogger();
  const broker = await startBroker({
    backend: { type: 'function', handle: () => [], allow: ['127.0.0.1'] },
    backendCommands: { note: ({ text }) => ran.push(text) },
    log: logs,
    ...options,
  });
  return Object.assign(broker, { ran, logged: logs });
};

const note = (text: string) => [{ type: 'note', text }];

const forWebSockets = `
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection "upgrade";`;

const forwarding = `
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;`;

describe.skipIf(!has('nginx'))('with nginx in front', () => {
  test('a command POST through it is a 403 and runs nothing, though its peer is 127.0.0.1', async () => {
    await using broker = await start();
    await using nginx = await startNginx(
      `proxy_pass http://127.0.0.1:${broker.port}; ${forWebSockets} ${forwarding}`,
    );
    const { status, body } = await postCommands(nginx.httpUrl, note('through nginx'));
    expect([status, body]).toEqual([
      403,
      {
        error: { code: 'forbidden', message: expect.stringContaining('x-forwarded-for') as string },
      },
    ]);
    const { fields } = await broker.logged.next(({ level }) => level === 'warn');
    expect(fields['peer']).toBe('127.0.0.1');
    expect((await postCommands(broker.httpUrl, note('directly'))).status).toBe(200);
    expect(broker.ran).toEqual(['directly']);
  });

  test('with the settings of SECURITY.md WebSockets go through it, and no command does', async () => {
    const page = readFileSync(inRepository('SECURITY.md'), 'utf8');
    const [, location = ''] = /^```nginx\nlocation \/ws \{\n(.*?)^\}$/ms.exec(page) ?? [];
    expect(location).toContain('http://127.0.0.1:31002;');
    await using broker = await start();
    await using nginx = await startNginx(location.replace(':31002;', `:${broker.port};`));
    await using client = await connectRaw(nginx.url);
    expect(client.isOpen).toBe(true);
    expect((await postCommands(nginx.httpUrl, note('through nginx'))).status).toBe(403);
    expect(broker.ran).toEqual([]);
  });

  test('nor with the settings for WebSockets alone, which say nothing of who asked', async () => {
    await using broker = await start();
    await using nginx = await startNginx(`proxy_pass http://127.0.0.1:${broker.port}; ${forWebSockets}`);
    expect((await postCommands(nginx.httpUrl, note('through nginx'))).status).toBe(403);
    expect(broker.ran).toEqual([]);
  });

  describe('when it hides that it is a proxy', () => {
    const bare = (port: number): string => `proxy_pass http://127.0.0.1:${port};`;

    test('nothing is left to tell it by: its commands run', async () => {
      await using broker = await start();
      await using nginx = await startNginx(bare(broker.port));
      expect((await postCommands(nginx.httpUrl, note('through nginx'))).status).toBe(200);
    });

    test('with `commandPort` they do not: the port that it knows takes none', async () => {
      await using broker = await start({ commandPort: 0 });
      await using nginx = await startNginx(bare(broker.port));
      expect((await postCommands(nginx.httpUrl, note('through nginx'))).status).toBe(405);
      expect(broker.ran).toEqual([]);
    });

    test('with `commandSocket` neither', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'wsb-'));
      {
        await using broker = await start({ commandSocket: join(folder, 'commands') });
        await using nginx = await startNginx(bare(broker.port));
        expect((await postCommands(nginx.httpUrl, note('through nginx'))).status).toBe(405);
        expect(broker.ran).toEqual([]);
      }
      rmSync(folder, { recursive: true });
    });

    test('with `secret` they must be signed, and then it may be between', async () => {
      const secret = `whsec_${randomBytes(32).toString('base64')}`;
      await using broker = await start({ secret });
      await using nginx = await startNginx(bare(broker.port));
      expect((await postCommands(nginx.httpUrl, note('unsigned'))).status).toBe(401);
      const timestampSeconds = Math.floor(Date.now() / 1_000);
      const signature = sign([readSecret(secret)], {
        id: 'a1',
        timestampSeconds,
        body: JSON.stringify(note('signed')),
      });
      const signed = {
        'webhook-id': 'a1',
        'webhook-timestamp': String(timestampSeconds),
        'webhook-signature': signature,
      };
      const { status } = await postCommands(nginx.httpUrl, note('signed'), {
        encoding: 'json',
        headers: signed,
      });
      expect([status, broker.ran]).toEqual([200, ['signed']]);
    });
  });

  test('what it passes on to the Unix socket of commands is a 403 too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wsb-'));
    {
      const commandSocket = join(folder, 'commands');
      await using broker = await start({ commandSocket });
      await using nginx = await startNginx(`proxy_pass http://unix:${commandSocket}:/; ${forwarding}`);
      expect((await postCommands(nginx.httpUrl, note('through nginx'))).status).toBe(403);
      const directly = await postCommands('http://localhost/', note('directly'), {
        socketPath: commandSocket,
      });
      expect([directly.status, broker.ran]).toEqual([200, ['directly']]);
    }
    rmSync(folder, { recursive: true });
  });

  describe('WebSockets', () => {
    // The client's own address must not be one of a proxy.
    const trustedProxies = ['127.0.0.1'];
    const client = { ws: { localAddress: '127.0.0.5' } };
    const ipOf = async (url: string, headers: Record<string, string>): Promise<unknown> => {
      await using socket = await connectRaw(url, { headers, ...client });
      const { ip } = await socket.next();
      return ip;
    };
    const startEcho = (options: BrokerOptions = {}) =>
      start({
        trustedProxies,
        onClientConnect: (connection) => connection.send({ type: 'you', ip: connection.sessionInfo['ip'] }),
        ...options,
      });

    test('go through it, and `sessionInfo.ip` is the client’s', async () => {
      await using broker = await startEcho();
      await using nginx = await startNginx(
        `proxy_pass http://127.0.0.1:${broker.port}; ${forWebSockets} ${forwarding}`,
      );
      expect(await ipOf(nginx.url, {})).toBe('127.0.0.5');
    });

    test.each([
      '1.2.3.4',
      '127.0.0.1',
      '1.2.3.4, 127.0.0.1',
      'unknown',
      `${'1.2.3.4, '.repeat(500)}1.2.3.4`,
      "');--",
    ])('an `X-Forwarded-For` that the client has forged is not believed: %.40s', async (forged) => {
      await using broker = await startEcho();
      await using nginx = await startNginx(
        `proxy_pass http://127.0.0.1:${broker.port}; ${forWebSockets} ${forwarding}`,
      );
      expect(await ipOf(nginx.url, { 'x-forwarded-for': forged })).toBe('127.0.0.5');
      // Nor when it comes without a proxy.
      expect(await ipOf(broker.url, { 'x-forwarded-for': forged })).toBe('127.0.0.5');
    });

    test('a foreign origin is refused through it too, and its own is not', async () => {
      await using broker = await startEcho();
      await using nginx = await startNginx(
        `proxy_pass http://127.0.0.1:${broker.port}; ${forWebSockets} ${forwarding}`,
      );
      expect(await ipOf(nginx.url, { origin: `http://127.0.0.1:${nginx.port}` })).toBe('127.0.0.5');
      await expect(ipOf(nginx.url, { origin: 'http://evil.example' })).rejects.toMatchObject({ status: 403 });
    });
  });
});
