import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authority, certificate, encryptedKeyFile } from '@wsbroker/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { BrokerError } from '../../ops/broker-error.ts';
import { endingOf, pairOf, readTexts, type TlsPaths } from './tls-pair.ts';

const folder = mkdtempSync(join(tmpdir(), 'wsbroker-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const first = certificate('first');
const second = certificate('second');
const read = (paths: Partial<TlsPaths>) => {
  const all = { cert: first.certFile, key: first.keyFile, ...paths };
  return pairOf(all, readTexts(all));
};

const keyCanary = 'CANARYcanaryCANARY';
const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

test('a certificate and the key that fits it are taken', () => {
  expect(read({}).certificate.subject).toBe('CN=first');
});

test('a chain may follow the certificate, and both may be in one file, in either order', () => {
  expect(read({ cert: file('chain', first.cert + authority.cert) }).certificate.subject).toBe('CN=first');
  for (const text of [first.cert + first.key, first.key + first.cert]) {
    const both = file('both', text);
    expect(read({ cert: both, key: both }).certificate.subject).toBe('CN=first');
  }
});

describe('tls-failed names the option, the file and what is wrong', () => {
  const garbage = file('garbage', `this is ${keyCanary}`);
  const missing = join(folder, 'missing');
  test.each<[string, Partial<TlsPaths>, RegExp]>([
    ['a certificate that is not there', { cert: missing }, /`tls\.cert`: .*missing cannot be read: ENOENT/],
    ['a key that is not there', { key: missing }, /`tls\.key`: .*missing cannot be read: ENOENT/],
    [
      'the text of a key in place of its path',
      { key: first.key },
      /^`tls\.key` is not a path: expected the path/,
    ],
    ['the same in one line', { key: first.key.replaceAll('\n', ' ') }, /^`tls\.key` is not a path/],
    ['a folder', { key: folder }, /`tls\.key`: .* is no file/],
    ['a device that never ends', { cert: '/dev/zero' }, /`tls\.cert`: \/dev\/zero is no file/],
    ['a file too large', { cert: file('large', 'x'.repeat(5_000_000)) }, /`tls\.cert`: .*5000000 bytes/],
    ['garbage as certificate', { cert: garbage }, /`tls\.cert`: .*garbage has no certificate in it/],
    ['garbage as key', { key: garbage }, /`tls\.key`: .*garbage has no private key in it/],
    ['an empty key', { key: file('empty', '') }, /`tls\.key`: .*empty has no private key in it/],
    [
      'the two exchanged',
      { cert: first.keyFile, key: first.certFile },
      /`tls\.cert`: .*no certificate in it/,
    ],
    ['a certificate as key', { key: first.certFile }, /`tls\.key`: .*no private key in it/],
    ['a damaged chain', { cert: file('damaged', first.cert + damaged) }, /damaged: certificate 2 in it/],
    [
      'a key that does not fit',
      { key: second.keyFile },
      /`tls\.cert`: .*first\.cert.* and .*second\.key.* do not fit/,
    ],
    [
      'an encrypted key',
      { key: encryptedKeyFile },
      /`tls\.key`: .*encrypted\.key.* is encrypted: .*openssl pkey/,
    ],
    [
      'a key encrypted in the older way',
      { key: file('older', `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${keyCanary}\n`) },
      /`tls\.key`: .*older is encrypted/,
    ],
    [
      'an authority before the certificate',
      { cert: file('turned', authority.cert + first.cert) },
      /do not fit/,
    ],
  ])('%s', (_what, paths, message) => {
    let thrown: unknown;
    try {
      read(paths);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(BrokerError);
    const { code, message: text, cause } = thrown as BrokerError;
    expect(code).toBe('tls-failed');
    expect(text).toMatch(message);
    expect(text).not.toContain('\n');
    expect(`${text} ${String(cause)}`).not.toContain(keyCanary);
    for (const line of (first.key + second.key).split('\n').filter((part) => /^[\w+/=]{20,}$/.test(part))) {
      expect(`${text} ${String(cause)}`).not.toContain(line);
    }
  });
});

describe('a certificate that is not valid, or soon will not be, is told', () => {
  const { certificate: it } = read({});
  const [from, until] = [it.validFromDate.getTime(), it.validToDate.getTime()];
  const dayMs = 86_400_000;
  test.each<[string, number, RegExp | undefined]>([
    ['not yet valid', from - dayMs, /is not valid before 2020-01-01T/],
    ['in its time', from + dayMs, undefined],
    ['15 days before its end', until - 15 * dayMs, undefined],
    ['13 days before its end', until - 13 * dayMs, /expires on 2120-01-01T/],
    ['expired', until + dayMs, /has expired on 2120-01-01T/],
  ])('%s', (_when, nowMs, said) => {
    if (said) expect(endingOf(it, nowMs)).toMatch(said);
    else expect(endingOf(it, nowMs)).toBeUndefined();
  });
});
