import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';

/**
 * Certificates for 127.0.0.1 and `localhost` that an authority of the tests has signed: `first` and `second`
 * are good, `expired` and `other-host` (for `other.example`) are not. `self-signed` is good but for that.
 */
export type CertificateName = 'first' | 'second' | 'expired' | 'other-host' | 'self-signed';

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`../certificates/${name}.pem`, import.meta.url));

/** What a client must trust to accept the certificates, as a file and as text. */
export const authority = {
  certFile: pathOf('authority.cert'),
  cert: readFileSync(pathOf('authority.cert'), 'utf8'),
} as const;

/** The key of `first`, with the passphrase `test`. */
export const encryptedKeyFile = pathOf('encrypted.key');

/** A certificate and its key: files, and what is in them. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export const certificate = (name: CertificateName): TestCertificate => {
  const [certFile, keyFile] = [pathOf(`${name}.cert`), pathOf(`${name}.key`)];
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
};

/** Until it is disposed, OpenSSL takes what it thinks too weak: TLS 1.1 can be spoken then, where it is allowed. */
export const weakCiphers = (): Disposable => {
  const before = tls.DEFAULT_CIPHERS;
  tls.DEFAULT_CIPHERS = 'DEFAULT@SECLEVEL=0';
  return { [Symbol.dispose]: () => void (tls.DEFAULT_CIPHERS = before) };
};
