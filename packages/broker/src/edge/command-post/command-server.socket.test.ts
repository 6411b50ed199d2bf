import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  brokerStarter,
  connectRaw,
  connectTcp,
  freePort,
  postCommands,
  startFakeBackend,
  type UpgradeRefused,
} from '@wsbroker/testkit';
import { describe, expect, test, vi } from 'vitest';
import { Broker, type BrokerOptions } from '../../index.ts';

const startBroker = brokerStarter(Broker);
const list = [{ type: 'list' }];
const backend = { type: 'function' as const, handle: () => [], allow: ['127.0.0.1'] };

/** A folder for sockets; its path is short, since that of a socket must be. */
const folder = (): Disposable & { readonly path: string } => {
  const path = mkdtempSync(join(tmpdir(), 'wsb-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
};

const get = (url: string, method = 'GET') =>
  fetch(url, { method, headers: { connection: 'close' } }).then(async (answer) => ({
    status: answer.status,
    allow: answer.headers.get('allow'),
    text: await answer.text(),
  }));

describe('with `commandPort`', () => {
  const start = (more: BrokerOptions = {}) => startBroker({ backend, commandPort: 0, ...more });
  const commandUrl = (broker: { readonly commandPort: number | undefined }): string =>
    `http://127.0.0.1:${broker.commandPort}/`;

  test('P103: commands are taken on that port', async () => {
    await using broker = await start();
    await using client = await connectRaw(broker.url);
    const { status, body } = await postCommands(commandUrl(broker), [{ type: 'send', message: { n: 1 } }]);
    expect([status, body]).toEqual([200, [{ matched: 1 }]]);
    expect(await client.next()).toEqual({ n: 1 });
    await broker.logs.next(({ message }) => message === `➥ commands are taken on port ${broker.commandPort}`);
  });

  test('P103: the WebSocket port takes none: 405 with `Allow: GET, HEAD`', async () => {
    const seen = vi.fn<() => void>();
    await using broker = await start({ backendCommands: { seen } });
    const { status, headers } = await postCommands(broker.httpUrl, [{ type: 'seen' }]);
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD']);
    expect(seen).not.toHaveBeenCalled();
    expect((await get(broker.httpUrl)).text).not.toContain('POST');
  });

  test('it serves commands alone: other methods get 405 with `Allow: POST`, upgrades 404', async () => {
    await using broker = await start();
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await get(commandUrl(broker), method)).toMatchObject({ status: 405, allow: 'POST' });
    }
    await expect(connectRaw(commandUrl(broker).replace('http', 'ws'))).rejects.toMatchObject({
      status: 404,
    } satisfies Partial<UpgradeRefused>);
    expect(broker.websocketServer.clients.size).toBe(0);
  });

  test('`allow`, forwarding headers and pages count there too', async () => {
    await using broker = await start({ commandHost: '0.0.0.0' });
    const post = (options: object) => postCommands(commandUrl(broker), list, options);
    expect((await post({ localAddress: '127.0.0.2' })).status).toBe(403);
    expect((await post({ headers: { 'x-forwarded-for': '127.0.0.1' } })).status).toBe(403);
    expect((await post({ headers: { origin: 'http://127.0.0.1' } })).status).toBe(403);
    expect((await post({})).status).toBe(200);
  });

  test('it is open to this machine alone, unless `commandHost` says otherwise', async () => {
    await using broker = await start({ host: '0.0.0.0' });
    await expect(connectTcp(broker.commandPort ?? 0, '127.0.0.2')).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    await using open = await start({ commandHost: '127.0.0.2' });
    await using _ = await connectTcp(open.commandPort ?? 0, '127.0.0.2');
  });

  test('a `commandPath` holds there; elsewhere is 404', async () => {
    await using broker = await start({ commandPath: '/commands' });
    expect((await postCommands(`${commandUrl(broker)}commands`, list)).status).toBe(200);
    expect((await postCommands(commandUrl(broker), list)).status).toBe(404);
  });

  test('a port that is taken is told with the name of the option, and nothing is left', async () => {
    await using other = await startBroker();
    const broker = Broker({ port: 0, host: '127.0.0.1', commandPort: other.port, backend });
    await expect(broker.ready).rejects.toMatchObject({
      code: 'port-taken',
      message: expect.stringMatching(new RegExp(`:${other.port} is taken.*\`commandPort\``)) as string,
    });
    await broker.close();
  });

  test('when the WebSocket port is taken, the command port is given up again', async () => {
    await using other = await startBroker();
    const commandPort = await freePort();
    const broker = Broker({ port: other.port, host: '127.0.0.1', commandPort, backend });
    await expect(broker.ready).rejects.toMatchObject({ code: 'port-taken' });
    await broker.close();
    await expect(connectTcp(commandPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('a server of the application’s then gets every POST itself', async () => {
    const server = createHttpServer((_request, response) => response.end('app'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const broker = Broker({ server, commandPort: 0, backend });
    await broker.ready;
    expect((await postCommands(`http://127.0.0.1:${broker.port}/`, list)).body).toBe('app');
    expect((await postCommands(commandUrl(broker), list)).status).toBe(200);
    await broker.close();
    server.close();
  });

  test('commands that run when the broker is closed are answered first', async () => {
    const { promise: began, resolve: begin } = Promise.withResolvers<void>();
    const { promise: end, resolve: finish } = Promise.withResolvers<void>();
    await using broker = await start({
      backendCommands: {
        async slow() {
          begin();
          await end;
          return 'done';
        },
      },
    });
    const answer = postCommands(commandUrl(broker), [{ type: 'slow' }]);
    await began;
    const closed = broker.close();
    finish();
    expect(await answer).toMatchObject({ status: 200, body: ['done'] });
    await closed;
  });
});

test('without it `broker.commandPort` is undefined', async () => {
  await using broker = await startBroker();
  expect(broker.commandPort).toBeUndefined();
});

describe('with `commandSocket`', () => {
  const start = (commandSocket: string, more: BrokerOptions = {}) =>
    startBroker({ backend: { type: 'function', handle: () => [] }, commandSocket, ...more });
  const post = (socketPath: string, commands: unknown = list, headers: Record<string, string> = {}) =>
    postCommands('http://localhost/', commands, { socketPath, headers });

  test('P103: commands are taken through the file, without `allow`, and not on the WebSocket port', async () => {
    using in_ = folder();
    const path = join(in_.path, 'commands');
    await using broker = await start(path, { backend });
    await using client = await connectRaw(broker.url);
    expect(await post(path, [{ type: 'send', message: { n: 1 } }])).toMatchObject({
      status: 200,
      body: [{ matched: 1 }],
    });
    expect(await client.next()).toEqual({ n: 1 });
    expect((await postCommands(broker.httpUrl, list)).status).toBe(405);
    expect(broker.commandPort).toBeUndefined();
    await broker.logs.next(({ message }) => message === `➥ commands are taken at ${path}`);
  });

  test('its mode is 0660 from the first moment, whatever the mask of the process, which stays as it was', async () => {
    using in_ = folder();
    const path = join(in_.path, 'commands');
    for (const mask of [0o000, 0o022, 0o077]) {
      const before = process.umask(mask);
      try {
        const broker = Broker({ port: 0, host: '127.0.0.1', commandSocket: path });
        // The file is there as soon as anything is: the first look at it sees its mode for good.
        while (!existsSync(path)) await new Promise(setImmediate);
        expect((statSync(path).mode & 0o777).toString(8)).toBe('660');
        await broker.ready;
        expect((statSync(path).mode & 0o777).toString(8)).toBe('660');
        expect(process.umask(mask)).toBe(mask);
        await broker.close();
      } finally {
        process.umask(before);
      }
    }
  });

  // Only root can take on another user.
  test.skipIf(process.getuid?.() !== 0)(
    'another user of the machine, who is not in its group, cannot send through it',
    async () => {
      using in_ = folder();
      chmodSync(in_.path, 0o755);
      const path = join(in_.path, 'commands');
      await using _ = await start(path);
      // Takes on the user when it runs: that user may not be allowed to where this Node is.
      const connectAs = ({ uid, gid }: { uid: number; gid: number }) => `
        process.setgroups([]);
        process.setgid(${gid});
        process.setuid(${uid});
        require('net').connect(${JSON.stringify(path)})
          .on('connect', () => process.exit(0))
          .on('error', (error) => { console.log(error.code); process.exit(1); });`;
      const asUser = (id: { uid: number; gid: number }) =>
        promisify(execFile)(process.execPath, ['-e', connectAs(id)]).then(
          () => 'connected',
          ({ stdout }: { stdout: string }) => stdout.trim(),
        );
      expect(await asUser({ uid: 65_534, gid: 65_534 })).toBe('EACCES');
      expect(await asUser({ uid: 65_534, gid: statSync(path).gid })).toBe('connected');
    },
  );

  test('closing removes the file', async () => {
    using in_ = folder();
    const path = join(in_.path, 'commands');
    {
      await using _ = await start(path);
      expect(existsSync(path)).toBe(true);
    }
    expect(existsSync(path)).toBe(false);
  });

  test('what a killed process has left there is replaced', async () => {
    using in_ = folder();
    const path = join(in_.path, 'commands');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(() => execFileSync(process.execPath, ['-e', script])).toThrow('');
    expect(statSync(path).isSocket()).toBe(true);
    await using _ = await start(path);
    expect((await post(path)).status).toBe(200);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('660');
  });

  test('one in use is `port-taken`, names the path, and goes on working', async () => {
    using in_ = folder();
    const path = join(in_.path, 'commands');
    await using _ = await start(path);
    await expect(start(path)).rejects.toMatchObject({
      code: 'port-taken',
      message: `The \`commandSocket\` ${path} is taken: another program listens there; stop it, or choose another path`,
    });
    expect((await post(path)).status).toBe(200);
  });

  test.each<[string, (place: string) => string, string]>([
    [
      'a file that is no socket',
      (place) => {
        writeFileSync(join(place, 'file'), 'precious');
        return 'file';
      },
      'there is a file of that name which is no socket; remove it, or choose another name',
    ],
    [
      'a folder',
      (place) => {
        mkdirSync(join(place, 'folder'));
        return 'folder';
      },
      'no socket',
    ],
    [
      'a link, wherever it leads',
      (place) => {
        symlinkSync('/nowhere', join(place, 'link'));
        return 'link';
      },
      'no socket',
    ],
    ['a folder that is not there', () => 'missing/commands', 'there is no folder'],
    [
      'a file in place of the folder',
      (place) => {
        writeFileSync(join(place, 'file'), '');
        return 'file/commands';
      },
      'ENOTDIR',
    ],
  ])('%s is one clear line, and stays as it is', async (_what, make, why) => {
    using in_ = folder();
    const path = join(in_.path, make(in_.path));
    const broker = Broker({ port: 0, host: '127.0.0.1', commandSocket: path });
    const error: unknown = await broker.ready.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'BrokerError', code: 'listen-failed' });
    const { message } = error as Error;
    expect(message).toContain(`Cannot listen on the \`commandSocket\` ${path}: `);
    expect(message).toContain(why);
    expect(message).not.toContain('\n');
    await broker.close();
  });

  test('a socket of another program that takes nobody any more is not taken from it', async () => {
    using in_ = folder();
    const path = join(in_.path, 'commands');
    const other = createServer().listen(path);
    await once(other, 'listening');
    await expect(start(path)).rejects.toMatchObject({ code: 'port-taken' });
    expect(existsSync(path)).toBe(true);
    other.close();
    await once(other, 'close');
  });

  test('forwarding headers, pages and foreign hosts are refused there too, with a line in the log', async () => {
    using in_ = folder();
    const path = join(in_.path, 'commands');
    await using broker = await start(path, { commandHosts: ['localhost'] });
    expect((await post(path, list, { 'x-forwarded-for': '1.2.3.4' })).status).toBe(403);
    expect((await post(path, list, { origin: 'http://localhost' })).status).toBe(403);
    expect((await post(path, list, { host: 'evil.com' })).status).toBe(403);
    expect((await post(path, list)).status).toBe(200);
    const { fields } = await broker.logs.next(({ level }) => level === 'warn');
    expect(fields['peer']).toBe('unix socket');
  });

  test('a backend reached by HTTP works as before beside it', async () => {
    using in_ = folder();
    const path = join(in_.path, 'commands');
    await using events = await startFakeBackend(() => [{ type: 'send', message: { type: 'hi' } }]);
    await using broker = await start(path, { backend: { url: events.url } });
    await using client = await connectRaw(broker.url);
    expect(await client.next()).toEqual({ type: 'hi' });
    expect(await post(path, [{ type: 'list', count: true }])).toMatchObject({ body: [{ count: 1 }] });
  });
});
