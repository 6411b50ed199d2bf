import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type AddressList, plainAddress } from './address-list.ts';

/** More hops than any real chain has; a longer header is somebody's play. */
const maxHops = 32;

/** `1.2.3.4:5678` and `[::1]:80` as some proxies write them; undefined when it is no address at all. */
const addressOfHop = (hop: string): string | undefined => {
  const bare = hop.trim().replace(/^\[([^\]]*)\](?::\d+)?$/, '$1');
  const address = isIP(bare) === 0 ? bare.replace(/:\d+$/, '') : bare;
  return isIP(address) === 0 ? undefined : plainAddress(address);
};

/**
 * The address of a client: the peer's, or, when the peer is a proxy of ours, what that proxy says: the
 * rightmost hop of `x-forwarded-for` that is not itself a proxy of ours. What stands further left was
 * written by whoever sent the request and may be forged.
 */
export const clientAddress = (request: IncomingMessage, trustedProxies: AddressList): string => {
  const peer = plainAddress(request.socket.remoteAddress ?? '');
  const header = request.headers['x-forwarded-for'];
  if (header === undefined || !trustedProxies.has(peer)) return peer;
  const hops = (Array.isArray(header) ? header.join(',') : header).split(',').slice(-maxHops);
  let nearest = peer;
  for (const hop of hops.toReversed()) {
    const address = addressOfHop(hop);
    if (address === undefined) break;
    nearest = address;
    if (!trustedProxies.has(address)) break;
  }
  return nearest;
};
