import { BlockList, isIP, SocketAddress } from 'node:net';
import { BrokerError } from '../ops/broker-error.ts';

const mappedPrefix = '::ffff:';
const mappedBits = 96;

const maxKnown = 256;

/**
 * An address in one way of writing: `::ffff:127.0.0.1`, as a socket that takes both families shows it, and
 * `::ffff:7f00:1` are 127.0.0.1, and `0:0:0:0:0:0:0:1` is `::1`. What is no address stays as it is.
 */
export const plainAddress = (address: string): string => {
  const lower = address.toLowerCase();
  // Most are IPv4, which no other way of writing is taken for; Node looks long before it says that one is not IPv6.
  if (!lower.includes(':')) return lower;
  // Of the others most are written so already. The zone of a link-local one, fe80::1%eth0, is no part of the address.
  if (isIP(lower) !== 6 || lower.includes('%')) return lower;
  const standard = new SocketAddress({ address: lower, family: 'ipv6' }).address;
  const rest = standard.startsWith(mappedPrefix) ? standard.slice(mappedPrefix.length) : '';
  return isIP(rest) === 4 ? rest : standard;
};

/** A set of addresses: IPv4, IPv6, and CIDR ranges of either. */
export class AddressList {
  readonly #list = new BlockList();
  /** Answers given lately: a proxy comes with each of its clients, and each client is asked for twice. */
  readonly #known = new Map<string, boolean>();

  /**
   * @param option The option's name, for the error.
   * @throws BrokerError `bad-option`
   */
  constructor(entries: readonly string[], option: string) {
    for (const entry of entries) {
      const [address = '', prefix, ...rest] = entry.trim().split('/');
      const plain = plainAddress(address);
      const version = isIP(plain);
      const family = version === 6 ? 'ipv6' : 'ipv4';
      const given = prefix === undefined ? undefined : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
      // The range of a mapped address counts the bits of `::ffff:` too.
      const bits = given !== undefined && version === 4 && isIP(address) === 6 ? given - mappedBits : given;
      const isRangeRight = bits === undefined || (bits >= 0 && bits <= (version === 6 ? 128 : 32));
      if (version === 0 || !isRangeRight || rest.length > 0) {
        throw new BrokerError(
          'bad-option',
          `\`${option}\` has ${JSON.stringify(entry)}, which is no address: expected IPv4 (127.0.0.1), IPv6 (::1) or a range (10.0.0.0/8)`,
        );
      }
      if (bits === undefined) this.#list.addAddress(plain, family);
      else this.#list.addSubnet(plain, bits, family);
    }
  }

  has(address: string | undefined): boolean {
    if (address === undefined) return false;
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const has = this.#check(address);
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(address, has);
    return has;
  }

  #check(address: string): boolean {
    // A link-local peer is shown with its zone: fe80::1%eth0.
    const plain = plainAddress(address.split('%', 1)[0] ?? '');
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  }
}
