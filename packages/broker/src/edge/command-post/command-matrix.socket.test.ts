import { connect } from 'node:net';
import { brokerStarter, connectRaw, Disposables } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import {
  allowedHost,
  browserHeaders,
  type Cell,
  cellsOf,
  dimensions,
  expectedStatus,
  forwardingHeaders,
  maxCommandBytes,
  requestOf,
  secret,
  takenId,
} from '../../../test/command-matrix.ts';
import { Broker } from '../../index.ts';

const startBroker = brokerStarter(Broker);
const atOnce = 32;

/** The status of the answer; 0 when the connection ended without one. */
const statusOf = (port: number, localAddress: string, request: string): Promise<number> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    let answer = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (answer.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0)));
    socket.write(request);
  });

const permitted: Cell = {
  address: 'allowed',
  forwarding: 'none',
  browser: 'none',
  host: 'not set',
  signature: 'off',
  contentType: 'json',
  size: 'small',
};

/** Brokers of one setting, each with a client and a command that notes which cell has run it. */
const startOne = async (cell: Cell) => {
  const ran: unknown[] = [];
  const broker = await startBroker({
    // On both families an IPv4 peer shows as ::ffff:127.0.0.1.
    host: cell.address.startsWith('mapped') ? '::' : '127.0.0.1',
    backend: { type: 'function', handle: () => [], allow: ['127.0.0.1'] },
    maxCommandBytes,
    ...(cell.host === 'not set' ? {} : { commandHosts: ['localhost', allowedHost] }),
    ...(cell.signature === 'off' ? {} : { secret }),
    backendCommands: { note: ({ cell: number }) => ran.push(number) },
  });
  const client = await connectRaw(broker.url);
  return { broker, client, ran };
};

const sorted = (numbers: readonly unknown[]): number[] => numbers.map(Number).toSorted((a, b) => a - b);

const settingOf = ({ address, host, signature }: Cell): string =>
  [address.startsWith('mapped'), host === 'not set', signature === 'off'].join();

/** Sends all of them; checks each status, and that the permitted ones alone have run, and once. */
const check = async (cells: readonly Cell[]): Promise<void> => {
  await using stack = new Disposables();
  const brokers = new Map<string, Awaited<ReturnType<typeof startOne>>>();
  for (const cell of cells) {
    if (brokers.has(settingOf(cell))) continue;
    const started = await startOne(cell);
    stack.use(started.broker);
    stack.use(started.client);
    brokers.set(settingOf(cell), started);
    if (cell.signature !== 'off') {
      const right = {
        ...permitted,
        host: cell.host === 'not set' ? cell.host : 'right',
        signature: 'right',
      } as const;
      expect(await statusOf(started.broker.port, '127.0.0.1', requestOf(right, [], takenId))).toBe(200);
    }
  }

  const wrong: unknown[] = [];
  const send = async (cell: Cell, number: number): Promise<void> => {
    const { broker } = brokers.get(settingOf(cell))!;
    const commands = [
      { type: 'note', cell: number },
      { type: 'send', message: { type: 'ran', cell: number } },
      { type: 'session', data: { changedBy: number } },
    ];
    const from = cell.address.includes('denied') ? '127.0.0.2' : '127.0.0.1';
    const status = await statusOf(broker.port, from, requestOf(cell, commands, `cell-${number}`));
    if (status !== expectedStatus(cell)) wrong.push({ ...cell, status, expected: expectedStatus(cell) });
  };
  const waiting = [...cells.entries()];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await send(next[1], next[0]);
    }),
  );
  expect(wrong.slice(0, 10)).toEqual([]);

  for (const [setting, { broker, client, ran }] of brokers) {
    const expected = [...cells.entries()]
      .filter(([, cell]) => settingOf(cell) === setting && expectedStatus(cell) === 200)
      .map(([number]) => number);
    expect(sorted(ran)).toEqual(sorted(expected));
    broker.broadcast({ type: 'end' });
    await client.next(({ type }) => type === 'end');
    const seen = client.received.filter(({ type }) => type === 'ran').map(({ cell }) => cell);
    expect(sorted(seen)).toEqual(sorted(expected));
  }
};

const all = cellsOf(dimensions);

test(
  `P27, P108: of all ${all.length} combinations of address, forwarding, page, host, signature, content type and size, the ${
    all.filter((cell) => expectedStatus(cell) === 200).length
  } permitted ones run, once, and the others change nothing`,
  { timeout: 240_000 },
  async () => {
    await check(all);
  },
);

test(`P28: each of the ${forwardingHeaders.length} headers of a proxy refuses by itself, signed or not`, async () => {
  for (const signature of ['off', 'right'] as const) {
    // As many as there are headers: each cell takes the next one.
    await check(forwardingHeaders.map(() => ({ ...permitted, signature, forwarding: 'one' })));
  }
});

test(`P28: each of the ${browserHeaders.length} headers of a page refuses by itself, signed or not`, async () => {
  for (const signature of ['off', 'right'] as const) {
    await check(browserHeaders.map(() => ({ ...permitted, signature, browser: 'one' })));
  }
});
