import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { BrokerError } from './broker-error.ts';
import { reasonOf } from './reason.ts';

/** A file of an option: certificates, or a key. */
export interface PemFile {
  /** Such as `tls.cert`. */
  readonly option: string;
  readonly path: string;
}

/** Many times what all authorities of the world need. */
const maxFileBytes = 4 * 1_024 * 1_024;

const certificates = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** What is wrong with a file. Never what is in it: that may be a key. */
export const pemError = ({ option, path }: PemFile, problem: string, cause?: unknown): BrokerError =>
  new BrokerError('tls-failed', `\`${option}\`: ${path} ${problem}`, { cause });

/** @throws BrokerError `tls-failed` */
export const readPem = (file: PemFile): string => {
  // Node takes the text itself; here the mistake would put a key into the log, as a file that is not there.
  if (/-----BEGIN|\n/.test(file.path)) {
    throw new BrokerError(
      'tls-failed',
      `\`${file.option}\` is not a path: expected the path of a file in PEM format`,
    );
  }
  try {
    const stats = statSync(file.path);
    // A pipe would be waited for, perhaps for ever.
    if (!stats.isFile()) throw pemError(file, 'is no file');
    if (stats.size > maxFileBytes) throw pemError(file, `has ${stats.size} bytes, which no certificate has`);
    return readFileSync(file.path, 'utf8');
  } catch (error) {
    throw error instanceof BrokerError ? error : pemError(file, `cannot be read: ${reasonOf(error)}`, error);
  }
};

/**
 * Every certificate in the text of a file, at least one.
 * @throws BrokerError `tls-failed`
 */
export const certificatesIn = (file: PemFile, text: string): [X509Certificate, ...X509Certificate[]] => {
  const found = (text.match(certificates) ?? []).map((pem, index) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      throw pemError(
        file,
        `is damaged: certificate ${index + 1} in it cannot be read (${reasonOf(error)})`,
        error,
      );
    }
  });
  const [first, ...others] = found;
  if (first) return [first, ...others];
  throw pemError(
    file,
    'has no certificate in it: expected PEM format, "-----BEGIN CERTIFICATE-----" and so on',
  );
};
