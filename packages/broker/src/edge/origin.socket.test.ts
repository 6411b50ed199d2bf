import { brokerStarter, connectRaw, UpgradeRefused } from '@wsbroker/testkit';
import { describe, expect, test, vi } from 'vitest';
import { Broker, type BrokerOptions } from '../index.ts';

const startBroker = brokerStarter(Broker);

/** The status of a handshake with this origin and host; 101 when it was taken. */
const statusOf = async (options: BrokerOptions, headers: Record<string, string>) => {
  const onClientConnect = vi.fn<() => void>();
  await using broker = await startBroker({ ...options, onClientConnect });
  try {
    await using _ = await connectRaw(broker.url, { headers });
    return 101;
  } catch (error) {
    expect(onClientConnect).not.toHaveBeenCalled();
    if (error instanceof UpgradeRefused) return error.status;
    throw error;
  }
};

describe('by default, pages of the host that is asked for may connect, whatever their port', () => {
  test.each([
    ['http://good.com', 'good.com', 101],
    ['https://good.com', 'good.com', 101],
    ['http://good.com:8080', 'good.com:31002', 101],
    ['http://GOOD.com', 'good.COM:1', 101],
    ['http://[::1]:80', '[::1]:31002', 101],
    ['http://127.0.0.1:3000', '127.0.0.1:31002', 101],
    ['https://good.com.evil', 'good.com', 403],
    ['https://evilgood.com', 'good.com', 403],
    ['https://sub.good.com', 'good.com', 403],
    ['https://good.com@evil.com', 'good.com', 403],
    ['https://evil.com/good.com', 'good.com', 403],
    ['https://evil.com#good.com', 'good.com', 403],
    ['https://localhost', '127.0.0.1', 403],
    ['null', 'good.com', 403],
    ['null', 'null', 403],
    ['', 'good.com', 403],
    ['good.com', 'good.com', 403],
    ['://', 'good.com', 403],
    ['http://', 'good.com', 403],
    ['http://[::1', '[::1', 403],
    ['http://good.com:99999', 'good.com', 403],
    ['%00', 'good.com', 403],
    ['undefined', 'undefined', 403],
    ['file://', '', 403],
    ['http://good.com', ':80', 403],
    ['http://good.com', 'evil.com/good.com', 403],
  ])('origin "%s" at host "%s": %i', async (origin, host, status) => {
    expect(await statusOf({}, { origin, host })).toBe(status);
  });
});

describe('with a list, exactly these origins may connect', () => {
  const origins = ['https://good.com', 'http://localhost:8080'];
  test.each([
    ['https://good.com', 101],
    ['http://localhost:8080', 101],
    ['http://good.com', 403],
    ['https://good.com:8443', 403],
    ['https://good.com.evil', 403],
    ['http://127.0.0.1', 403],
    ['null', 403],
  ])('origin "%s": %i', async (origin, status) => {
    expect(await statusOf({ origins }, { origin })).toBe(status);
  });
});

test.each(['*', ['*']] as const)('with %j any origin may connect', async (origins) => {
  for (const origin of ['https://evil.com', 'null', '%00']) {
    expect(await statusOf({ origins: origins === '*' ? '*' : [...origins] }, { origin })).toBe(101);
  }
});

test('a client that is no browser, and so sends no origin, may connect in any case', async () => {
  for (const origins of [undefined, [], ['https://good.com']]) {
    expect(await statusOf({ origins }, {})).toBe(101);
  }
});

test('a refusal is a 403 that says why, a line in the log that names the option, and no connection', async () => {
  await using broker = await startBroker();
  await expect(connectRaw(broker.url, { headers: { origin: 'https://evil.com' } })).rejects.toMatchObject({
    status: 403,
    body: expect.stringContaining('origin') as string,
  });
  const { message, fields } = await broker.logs.next(({ level }) => level === 'warn');
  expect(message).toContain('`origins`');
  expect(fields).toMatchObject({ origin: 'https://evil.com' });
  expect(broker.websocketServer.clients.size).toBe(0);
});
