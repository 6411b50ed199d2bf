import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import type { Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificate, type CertificateName, MemoryLogger } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { logFor } from '../../ops/logger.ts';
import { TlsFiles, type TlsTiming } from './tls-files.ts';

/** A server that only takes note of what it is given. */
const fakeServer = () => {
  const certs: string[] = [];
  const setSecureContext = ({ cert }: { cert: string }): void => void certs.push(cert);
  return { certs, server: { setSecureContext } as unknown as Server };
};

const place = (timing: TlsTiming) => {
  const folder = mkdtempSync(join(tmpdir(), 'wsbroker-tls-'));
  const current = join(folder, 'current');
  /** Makes the link to the folder of the pair lead to this one. */
  const point = (name: CertificateName): void => {
    const target = join(folder, name);
    mkdirSync(target);
    copyFileSync(certificate(name).certFile, join(target, 'cert.pem'));
    copyFileSync(certificate(name).keyFile, join(target, 'key.pem'));
    symlinkSync(target, join(folder, 'next'));
    renameSync(join(folder, 'next'), current);
  };
  point('first');
  const logs = new MemoryLogger();
  const paths = { cert: join(current, 'cert.pem'), key: join(current, 'key.pem') };
  const files = new TlsFiles(paths, logFor(logs), timing);
  return {
    files,
    logs,
    paths,
    point,
    [Symbol.dispose]() {
      files.close();
      rmSync(folder, { recursive: true });
    },
  };
};

const never = 3_600_000;

test('a change that no event tells of is found by looking now and then', async () => {
  using at = place({ pollMs: 20, settleMs: never, patienceMs: 0 });
  const { certs, server } = fakeServer();
  at.files.serve(server);
  at.point('second');
  await expect.poll(() => certs).toEqual([certificate('second').cert]);
  expect(at.files.contextOptions).toMatchObject({
    cert: certificate('second').cert,
    key: certificate('second').key,
    minVersion: 'TLSv1.2',
  });
});

test('every server gets the new certificate, with TLS 1.2 as the least', async () => {
  using at = place({ pollMs: 20, settleMs: 1, patienceMs: 0 });
  const [one, other] = [fakeServer(), fakeServer()];
  at.files.serve(one.server);
  at.files.serve(other.server);
  at.point('second');
  await expect.poll(() => [...one.certs, ...other.certs]).toHaveLength(2);
});

test('a pair whose halves come one after the other is no error', async () => {
  using at = place({ pollMs: 5, settleMs: 1, patienceMs: never });
  const { certs, server } = fakeServer();
  at.files.serve(server);
  copyFileSync(certificate('second').certFile, at.paths.cert);
  // Looked at many times meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 100));
  copyFileSync(certificate('second').keyFile, at.paths.key);
  await expect.poll(() => certs).toEqual([certificate('second').cert]);
  expect(at.logs.messages('error')).toEqual([]);
});

test('after close() nothing is looked at', async () => {
  using at = place({ pollMs: 5, settleMs: 1, patienceMs: 0 });
  const { certs, server } = fakeServer();
  at.files.serve(server);
  at.files.close();
  at.point('second');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(certs).toEqual([]);
  expect(at.files.contextOptions.cert).toBe(certificate('first').cert);
});
