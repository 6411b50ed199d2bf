import { decodeCommandBody, encodingOf } from '@wsbroker/protocol';
import type { IncomingMessage } from 'node:http';
import type { Settings } from '../../options.ts';
import { AddressList } from '../address-list.ts';
import { type CommandRefusal, tooLarge } from './command-refusal.ts';
import { HostList } from './host-list.ts';

/** Who may send commands, as far as the head of a request tells. */
export interface CommandRules {
  /** Whether they come through a Unix socket: then its file's mode says who may. */
  readonly isUnixSocket: boolean;
  /** Peers that may send commands; undefined: nobody. */
  readonly allow: AddressList | undefined;
  /** Names by which they may ask for the broker; undefined: any. */
  readonly hosts: HostList | undefined;
  readonly maxCommandBytes: number;
}

/** @throws BrokerError `bad-option` */
export const commandRulesFrom = (settings: Settings): CommandRules => {
  const { backend, commandHosts, commandSocket, maxCommandBytes } = settings;
  return {
    isUnixSocket: commandSocket !== undefined,
    allow: backend?.allow && new AddressList(backend.allow, 'backend.allow'),
    hosts: commandHosts && new HostList(commandHosts, 'commandHosts'),
    maxCommandBytes,
  };
};

/** What a refusal is about, for the log. */
export type RefusedFor = 'address' | 'headers' | 'proxy' | 'page' | 'host';

export interface HeadRefusal extends CommandRefusal {
  readonly refusedFor: RefusedFor;
}

/** Headers of a proxy: what it forwards comes from somebody else than the peer that `allow` knows. */
const isForwarding = (header: string): boolean =>
  header === 'forwarded' ||
  header === 'via' ||
  header === 'x-real-ip' ||
  // `x-forwarded` alone is there as well.
  header.startsWith('x-forwarded');

/**
 * The `fetch` of Node sends `sec-fetch-mode` and no other, and backends use that. A browser sends the others
 * too, and no page can leave them out.
 */
const isOfBrowser = (header: string): boolean =>
  header === 'origin' || (header.startsWith('sec-fetch-') && header !== 'sec-fetch-mode');

/** Past a count older Nodes drop headers without a word, and a proxy's may be among them. */
const maxHeaders = 100;
const maxShownLength = 60;

const shown = (text: string): string =>
  text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text;

/** The peer, for the log. */
export const peerOf = (request: IncomingMessage, { isUnixSocket }: CommandRules): string | undefined =>
  isUnixSocket ? 'unix socket' : request.socket.remoteAddress;

/**
 * Whether a request may bring commands at all: the address first, since an outsider need not know what else
 * there is.
 */
export const refusalOfPeer = (request: IncomingMessage, rules: CommandRules): HeadRefusal | undefined => {
  const { allow, hosts, isUnixSocket } = rules;
  const forbidden = (refusedFor: RefusedFor, message: string): HeadRefusal => ({
    status: 403,
    code: 'forbidden',
    message,
    refusedFor,
  });
  if (!isUnixSocket) {
    const peer = request.socket.remoteAddress;
    if (allow === undefined) {
      return forbidden(
        'address',
        'Commands are not taken here: the broker has no `backend.allow`, the list of addresses that may send them.',
      );
    }
    if (!allow.has(peer)) {
      return forbidden(
        'address',
        `Commands are not taken from ${peer ?? 'an unknown address'}: it is not in \`backend.allow\`.`,
      );
    }
  }
  if (request.rawHeaders.length > 2 * maxHeaders) {
    return forbidden('headers', `Commands are not taken with more than ${maxHeaders} headers.`);
  }
  const names = Object.keys(request.headers);
  const forwarding = names.find(isForwarding);
  if (forwarding !== undefined) {
    return forbidden(
      'proxy',
      `Commands are not taken through a proxy (the request has \`${shown(forwarding)}\`): send them to the broker directly.`,
    );
  }
  if (isForWebSockets(request)) {
    return forbidden(
      'proxy',
      'Commands are not taken through a proxy (the request has `connection: upgrade`, as one sends that is set up for WebSockets): send them to the broker directly.',
    );
  }
  if (names.some(isOfBrowser)) {
    return forbidden('page', 'Commands are not taken from a web page: send them from the backend.');
  }
  if (hosts && !hosts.has(request.headersDistinct['host'])) {
    return forbidden(
      'host',
      `Commands are not taken for the host ${JSON.stringify(shown(request.headers.host ?? ''))}: it is not in \`commandHosts\`.`,
    );
  }
  return undefined;
};

/**
 * The usual settings of nginx for WebSockets put `connection: upgrade` on every request, and leave out an
 * `upgrade` that is empty. No HTTP client sends a POST so.
 */
const isForWebSockets = ({ headers }: IncomingMessage): boolean =>
  (headers.connection ?? '')
    .toLowerCase()
    .split(',')
    .some((option) => option.trim() === 'upgrade');

/** What the head tells of the body: its type, and its size where it says so. */
export const refusalOfBodyToCome = (
  { headers }: IncomingMessage,
  { maxCommandBytes }: CommandRules,
): CommandRefusal | undefined => {
  // The type is looked at before the text is.
  const contentType = headers['content-type'] ?? '';
  if (encodingOf(contentType) === undefined) {
    const decoded = decodeCommandBody({ contentType, text: '' });
    if (!decoded.ok) return { status: 415, code: decoded.error.code, message: decoded.error.message };
  }
  return Number(headers['content-length'] ?? 0) > maxCommandBytes ? tooLarge(maxCommandBytes) : undefined;
};
