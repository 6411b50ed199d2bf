import { networkInterfaces } from 'node:os';
import { relative } from 'node:path';
import { styleText } from 'node:util';
import { isWildcard, type Settings } from './settings.ts';

export interface GreetingFacts {
  readonly settings: Settings;
  readonly port: number;
  readonly brokerPort: number;
  readonly brokerPid: number | null;
  readonly backendPort: number;
  readonly backendPid: number | null;
}

/** IPv6 addresses stand in brackets in a URL. */
export const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const shownHost = (host: string): string =>
  isWildcard(host) || host === '127.0.0.1' ? 'localhost' : urlHost(host);

type Row = readonly [label: string, value: string, note: string];

/** What is printed once everything runs. */
export const greeting = (facts: GreetingFacts): string => {
  const { settings, port, brokerPort, brokerPid, backendPort, backendPid } = facts;
  const { host, dataFile } = settings;
  const rows: Row[] = [
    ['Page', `http://${shownHost(host)}:${port}/`, 'open it in two tabs'],
    ...(isWildcard(host) ? lanAddresses() : []).map((address): Row => [
      '',
      `http://${address}:${port}/`,
      'from another machine, or a phone',
    ]),
    ['Broker', `ws://${shownHost(host)}:${brokerPort}/`, `may be killed: kill -9 ${brokerPid}`],
    ['Backend', `http://127.0.0.1:${backendPort}/`, `and so may this: kill -9 ${backendPid}`],
    ['History', shownPath(dataFile), 'outlives all of them, as does the journal beside it'],
  ];
  const width = Math.max(...rows.map(([, value]) => value.length));
  const lines = [
    '',
    `  ${styleText('bold', 'WSBroker demo')}: a chat whose backend and broker may go away at any time`,
    '',
    ...rows.map(
      ([label, value, note]) =>
        `  ${styleText('bold', label.padEnd(8))}  ${styleText('cyan', value.padEnd(width))}  ${styleText('dim', note)}`,
    ),
    '',
    '  Ctrl-C ends all of it.',
    '',
  ];
  return `${lines.join('\n')}\n`;
};

const shownPath = (file: string): string => {
  // Where the person is, who need not be where this process is: npm says so.
  const path = relative(process.env['INIT_CWD'] ?? process.cwd(), file);
  return path.startsWith('..') ? file : path;
};

const lanAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
