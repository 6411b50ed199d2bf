import { BrokerError } from '../ops/broker-error.ts';
import { certificatesIn, readPem } from '../ops/pem-file.ts';
import { reasonOf } from '../ops/reason.ts';
import type { HttpBackendSettings } from '../options.ts';

/**
 * How to connect to the backend by https://. Its certificate is always checked, whatever
 * `NODE_TLS_REJECT_UNAUTHORIZED` says: events carry cookies and what users write.
 *
 * With `backend.ca` only the authorities in that file count, none of those that Node knows.
 * @throws BrokerError `tls-failed`, naming the file and what is wrong with it
 */
export const backendTlsOptions = ({ url, ca }: Pick<HttpBackendSettings, 'url' | 'ca'>) => {
  const options = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;
  if (ca === undefined) return options;
  if (new URL(url).protocol !== 'https:') {
    throw new BrokerError(
      'bad-option',
      '`backend.ca` needs an https:// URL: expected one as `backend.url`, or no `backend.ca`',
    );
  }
  const file = { option: 'backend.ca', path: ca };
  const text = readPem(file);
  // Node takes a file with nothing in it without a word, and then trusts nobody.
  certificatesIn(file, text);
  return { ...options, ca: text };
};

/** What is wrong with the backend's certificate, by the code of the error (OpenSSL's `X509_V_ERR_…`, and Node's). */
const hints: ReadonlyMap<unknown, string> = new Map([
  ['CERT_HAS_EXPIRED', 'renew it'],
  ['CERT_NOT_YET_VALID', 'see the clocks of both machines'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'call the backend by a name that is in it'],
  ...[
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_UNTRUSTED',
  ].map((code) => [code, 'name the file of its authority in `backend.ca`'] as const),
]);

/** Why the certificate of the backend was not accepted; undefined when an error is about something else. */
export const certificateProblem = (error: unknown): string | undefined => {
  const { code } = (error ?? {}) as { code?: unknown };
  const hint = hints.get(code);
  return hint === undefined
    ? undefined
    : `the backend's certificate is not accepted: ${reasonOf(error)} (${String(code)}); ${hint}`;
};
