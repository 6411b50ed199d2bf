import { isIP } from 'node:net';
import { BrokerError } from '../../ops/broker-error.ts';

/** `name`, `name:80`, `[::1]` and `[::1]:80`. */
const hostPattern = /^(\[[\da-f:.]+\]|[^\s:/?#@[\]\\,]+)(?::(\d{1,5}))?$/i;

interface Host {
  readonly name: string;
  readonly port: string | undefined;
}

const hostIn = (text: string): Host | undefined => {
  const bracketed = isIP(text) === 6 ? `[${text}]` : text;
  const [, name, port] = hostPattern.exec(bracketed) ?? [];
  if (name === undefined) return undefined;
  // One address can be written in many ways.
  const standard = name.startsWith('[') ? URL.parse(`http://${name}`)?.hostname : name.toLowerCase();
  return standard === undefined ? undefined : { name: standard, port };
};

/**
 * Names by which a request may ask for this machine. A page whose name its owner has pointed to 127.0.0.1
 * (DNS rebinding) is of the same origin as the broker for the browser, but still asks for it by that name.
 */
export class HostList {
  readonly #hosts: readonly Host[];

  /**
   * @param option The option's name, for the error.
   * @throws BrokerError `bad-option`
   */
  constructor(entries: readonly string[], option: string) {
    this.#hosts = entries.map((entry) => {
      const host = hostIn(entry.trim());
      if (host) return host;
      throw new BrokerError(
        'bad-option',
        `\`${option}\` has ${JSON.stringify(entry)}, which is no host: expected a name or an address, with a port or without, such as "localhost" or "[::1]:31002"`,
      );
    });
  }

  /** @param headers Every `host` header of a request: there must be exactly one. */
  has(headers: readonly string[] | undefined): boolean {
    const asked = headers?.length === 1 ? hostIn(headers[0] ?? '') : undefined;
    if (!asked) return false;
    return this.#hosts.some(
      ({ name, port }) => name === asked.name && (port === undefined || port === asked.port),
    );
  }
}
