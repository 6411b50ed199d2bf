import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { authority, certificate, connectRaw, encryptedKeyFile, spawnProcess } from '@wsbroker/testkit';
import { expect, test } from 'vitest';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const local = ['--port', '0', '--host', '127.0.0.1'];

const { certFile, keyFile } = certificate('first');

const failure = (args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [cli, ...local, ...args], { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });

test.each<[string, string, string, RegExp]>([
  ['is not there', '/nowhere/cert.pem', keyFile, /\/nowhere\/cert\.pem cannot be read: ENOENT/],
  ['is no certificate', keyFile, keyFile, /first\.key\.pem has no certificate in it/],
  ['is no key', certFile, certFile, /first\.cert\.pem has no private key in it/],
  [
    'does not fit',
    certFile,
    certificate('second').keyFile,
    /first\.cert\.pem and .*second\.key\.pem do not fit/,
  ],
  ['has a passphrase', certFile, encryptedKeyFile, /encrypted\.key\.pem is encrypted/],
])('a file that %s is one clear line and exit code 1', async (_what, cert, key, line) => {
  const { code, stdout, stderr } = await failure(['--tls-cert', cert, '--tls-key', key]);
  expect(stderr).toMatch(/^wsbroker: `tls\.(cert|key)`: [^\n]+\n$/);
  expect(stderr).toMatch(line);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});

test('the command serves wss with the files of its flags, and takes a new certificate while it runs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsbroker-tls-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await copyFile(certFile, cert);
  await copyFile(keyFile, key);
  await using broker = await spawnProcess(
    process.execPath,
    [cli, ...local, '--tls-cert', cert, '--tls-key', key],
    { readyWhen: /listening on port \d+ \(wss, https\)/ },
  );
  const port = Number(/listening on port (\d+)/.exec(broker.output)?.[1]);
  await using client = await connectRaw(`wss://127.0.0.1:${port}/`, { ws: { ca: authority.cert } });
  await writeFile(cert, certificate('second').cert);
  await writeFile(key, certificate('second').key);
  await expect
    .poll(() => broker.output, { timeout: 20_000 })
    .toContain('a new certificate is used: CN=second');
  expect(client.isOpen).toBe(true);
  await client.close();
  broker.kill('SIGTERM');
  expect(await broker.exited).toEqual({ code: 0, signal: null });
  await rm(folder, { recursive: true });
});
