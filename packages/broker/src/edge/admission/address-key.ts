import { isIP } from 'node:net';
import { plainAddress } from '../address-list.ts';

/** How many groups of an IPv6 address say which network it is in: whoever has one address has all of its /64. */
const networkGroups = 4;
const allGroups = 8;

/** As which an address counts: an IPv4 address by itself, IPv6 by its first 64 bits. */
export const addressKey = (address: string): string => {
  const plain = plainAddress(address.split('%', 1)[0] ?? '');
  if (isIP(plain) !== 6) return plain;
  const [head = [], tail = []] = plain.split('::').map(groupsOf);
  const zeros = Array<string>(Math.max(0, allGroups - head.length - tail.length)).fill('0');
  const network = [...head, ...zeros, ...tail].slice(0, networkGroups);
  return `${network.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
};

/** An IPv4 address at the end takes the room of two groups. */
const groupsOf = (half: string): string[] =>
  half.split(':').flatMap((group) => (group === '' ? [] : group.includes('.') ? ['0', '0'] : [group]));
