/** Every way in which a command POST can be right or wrong, and what is to become of each combination. */
import { readSecret, sign } from '@wsbroker/protocol/signature';
import { randomBytes } from 'node:crypto';

export const maxCommandBytes = 1_024;
export const allowedHost = 'broker.example';

export const dimensions = {
  address: ['allowed', 'denied', 'mapped, allowed', 'mapped, denied'],
  forwarding: ['none', 'one'],
  browser: ['none', 'sec-fetch-mode alone', 'one'],
  host: ['not set', 'right', 'right, with a port and in upper case', 'wrong'],
  signature: ['off', 'right', 'missing', 'wrong', 'stale', 'replayed'],
  contentType: ['form', 'json', 'text'],
  size: ['small', 'over', 'Content-Length over', 'chunked over'],
} as const;

type Dimensions = typeof dimensions;

/** One combination. */
export type Cell = { readonly [Name in keyof Dimensions]: Dimensions[Name][number] };

/** Taken in turn where a cell has one, so that each meets every other dimension. */
export const forwardingHeaders: readonly (readonly [string, string])[] = [
  ['Forwarded', 'for=127.0.0.1'],
  ['Via', '1.1 proxy'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['X-Forwarded-Host', allowedHost],
  ['X-Forwarded-Proto', 'http'],
  ['X-Forwarded-Port', '80'],
  ['X-Forwarded-Server', 'proxy'],
  ['X-Forwarded-Prefix', '/'],
  ['X-Forwarded', 'for=127.0.0.1'],
  ['X-Real-IP', '127.0.0.1'],
  ['x-forwarded-for', ''],
  ['Connection', 'keep-alive, Upgrade'],
];

export const browserHeaders: readonly (readonly [string, string])[] = [
  ['Origin', `http://${allowedHost}`],
  ['Origin', 'http://evil.example'],
  ['Origin', 'null'],
  ['Origin', ''],
  ['Sec-Fetch-Site', 'cross-site'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Sec-Fetch-Site', 'none'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-User', '?1'],
  ['Sec-Fetch-Storage-Access', 'none'],
];

/** Every combination of these. */
export const cellsOf = (dims: { readonly [Name in keyof Cell]: readonly Cell[Name][] }): Cell[] =>
  Object.entries(dims).reduce<Partial<Cell>[]>(
    (cells, [name, values]) => cells.flatMap((cell) => values.map((value) => ({ ...cell, [name]: value }))),
    [{}],
  ) as Cell[];

/** The status that the documentation promises: what is decided first stands first. */
export const expectedStatus = (cell: Cell): number => {
  if (cell.address.includes('denied')) return 403;
  if (cell.forwarding === 'one' || cell.browser === 'one' || cell.host === 'wrong') return 403;
  if (cell.signature === 'missing' || cell.signature === 'stale') return 401;
  if (cell.signature === 'replayed') return 409;
  if (cell.contentType === 'text') return 415;
  if (cell.size !== 'small') return 413;
  return cell.signature === 'wrong' ? 401 : 200;
};

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
export const secret = newSecret();
const wrongSecret = newSecret();

const contentTypes = {
  form: 'application/x-www-form-urlencoded',
  json: 'application/json',
  text: 'text/plain',
} as const;

/** An id that the test has used up before. */
export const takenId = 'taken';

let turn = 0;
const inTurn = <T>(from: readonly T[]): T => from[turn % from.length] as T;

/**
 * A request of this cell, as it goes over the wire.
 * @param commands What must run in the permitted cells alone.
 * @param id Its own for each.
 */
export const requestOf = (cell: Cell, commands: readonly unknown[], id: string): string => {
  turn += 1;
  const json = JSON.stringify(commands);
  const small = cell.contentType === 'form' ? new URLSearchParams({ data: json }).toString() : json;
  const padding =
    cell.contentType === 'form' ? `&more=${'x'.repeat(maxCommandBytes)}` : ' '.repeat(maxCommandBytes);
  const body = cell.size === 'small' ? small : small + padding;
  const headers = [
    ['Host', hostOf(cell)],
    ['Content-Type', contentTypes[cell.contentType]],
    ...(cell.forwarding === 'one' ? [inTurn(forwardingHeaders)] : []),
    ...(cell.browser === 'one' ? [inTurn(browserHeaders)] : []),
    ...(cell.browser === 'sec-fetch-mode alone' ? [['Sec-Fetch-Mode', 'cors']] : []),
    ...signatureHeaders(cell, body, id),
    cell.size === 'chunked over'
      ? ['Transfer-Encoding', 'chunked']
      : ['Content-Length', lengthOf(cell, body)],
  ];
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `POST / HTTP/1.1\r\n${head}\r\n${sentOf(cell, body)}`;
};

const lengthOf = (cell: Cell, body: string): number =>
  cell.size === 'Content-Length over' ? 10_000_000_000 : body.length;

/** Of a body that is announced as too large nothing comes: the refusal must not wait for it. */
const sentOf = (cell: Cell, body: string): string => {
  switch (cell.size) {
    case 'Content-Length over':
      return '';
    case 'chunked over':
      // It never ends.
      return `${body.length.toString(16)}\r\n${body}\r\n`;
    case 'small':
    case 'over':
      return body;
  }
};

const hostOf = (cell: Cell): string => {
  switch (cell.host) {
    case 'not set':
      return 'anything.example';
    case 'right':
      return allowedHost;
    case 'right, with a port and in upper case':
      return `${allowedHost.toUpperCase()}:31002`;
    case 'wrong':
      return `${allowedHost}.evil`;
  }
};

const signatureHeaders = (cell: Cell, body: string, ownId: string): (readonly [string, string])[] => {
  if (cell.signature === 'off' || cell.signature === 'missing') return [];
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const timestampSeconds = cell.signature === 'stale' ? nowSeconds - 400 : nowSeconds;
  const id = cell.signature === 'replayed' ? takenId : ownId;
  const keys = [readSecret(cell.signature === 'wrong' ? wrongSecret : secret)];
  return [
    ['webhook-id', id],
    ['webhook-timestamp', String(timestampSeconds)],
    ['webhook-signature', sign(keys, { id, timestampSeconds, body })],
  ];
};
