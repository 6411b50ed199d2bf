import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { certificatesIn, pemError, type PemFile, readPem } from '../../ops/pem-file.ts';
import { reasonOf } from '../../ops/reason.ts';
import type { Settings } from '../../options.ts';

/** Where certificate and key are. */
export type TlsPaths = NonNullable<Settings['tls']>;

/** What is in the two files. */
export interface TlsTexts {
  readonly cert: string;
  readonly key: string;
}

/** A certificate and the key that fits it. */
export interface TlsPair extends TlsTexts {
  readonly certificate: X509Certificate;
}

/** Older ones are broken. Said each time, since Node can be started with another default. */
export const minVersion = 'TLSv1.2';

/** @throws BrokerError `tls-failed` when one cannot be read */
export const readTexts = ({ cert, key }: TlsPaths): TlsTexts => ({
  cert: readPem({ option: 'tls.cert', path: cert }),
  key: readPem({ option: 'tls.key', path: key }),
});

/** @throws BrokerError `tls-failed`, naming the file that is wrong and how */
export const pairOf = (paths: TlsPaths, texts: TlsTexts): TlsPair => {
  const certFile = { option: 'tls.cert', path: paths.cert };
  const [certificate] = certificatesIn(certFile, texts.cert);
  const key = keyIn({ option: 'tls.key', path: paths.key }, texts.key);
  if (!certificate.checkPrivateKey(key)) {
    throw pemError(
      certFile,
      `and ${paths.key} do not fit: expected the key of the first certificate in ${paths.cert}`,
    );
  }
  try {
    createSecureContext({ ...texts, minVersion });
  } catch (error) {
    throw pemError(certFile, `cannot be used with ${paths.key}: ${reasonOf(error)}`, error);
  }
  return { ...texts, certificate };
};

const keyIn = (file: PemFile, text: string): KeyObject => {
  // `ENCRYPTED PRIVATE KEY`, or the older `Proc-Type: 4,ENCRYPTED`.
  if (/^(-----BEGIN|Proc-Type:).*\bENCRYPTED\b/m.test(text)) {
    throw pemError(
      file,
      'is encrypted: expected a key without a passphrase, such as `openssl pkey -in FILE -out NEW` gives',
    );
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw pemError(
      file,
      'has no private key in it: expected PEM format, "-----BEGIN PRIVATE KEY-----" and so on',
      error,
    );
  }
};

const dayMs = 86_400_000;
const maxNoticeMs = 14 * dayMs;
/** Certificates that live for days are renewed days before their end. */
const noticeShare = 0.2;

/** That a certificate is not valid, or soon will not be; undefined: all is well. */
export const endingOf = (certificate: X509Certificate, nowMs: number): string | undefined => {
  const [fromMs, untilMs] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
  if (nowMs < fromMs) return `is not valid before ${certificate.validFromDate.toISOString()}`;
  if (nowMs > untilMs) return `has expired on ${certificate.validToDate.toISOString()}`;
  const noticeMs = Math.min(maxNoticeMs, (untilMs - fromMs) * noticeShare);
  return untilMs - nowMs < noticeMs ? `expires on ${certificate.validToDate.toISOString()}` : undefined;
};
