import { readSecret, type SignatureKey } from '@wsbroker/protocol/signature';

/** One secret, or several while one takes over from the other. */
export type Secret = string | readonly string[];

/**
 * The keys of the option `secret`; undefined where the options have none.
 *
 * An option that is there and is `undefined` is an environment variable that is not set. To take it for none would
 * turn signatures off where they are meant.
 *
 * @throws {TypeError} which does not hold the secret.
 */
export const readSecrets = (options: {
  readonly secret?: Secret | undefined;
}): readonly SignatureKey[] | undefined => {
  if (!('secret' in options)) return undefined;
  const secrets = [options.secret ?? []].flat();
  if (secrets.length > 0) return secrets.map(readSecret);
  throw new TypeError(
    'secret is empty: expected a text such as "whsec_…", or a list of them; leave the option out where nothing is to be signed',
  );
};
