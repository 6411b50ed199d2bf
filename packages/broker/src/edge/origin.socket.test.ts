import { brokerStarter, connectRaw, connectTcp, UpgradeRefused } from '@wsbroker/testkit';
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

test('with `requireOrigin` a handshake without an Origin is a 403 that says so; pages connect as before', async () => {
  await using broker = await startBroker({ requireOrigin: true });
  await expect(connectRaw(broker.url)).rejects.toMatchObject({
    status: 403,
    body: 'A handshake without an Origin is not taken here: only pages may connect.',
  });
  const { message } = await broker.logs.next(({ level }) => level === 'warn');
  expect(message).toContain('`requireOrigin`');
  await using client = await connectRaw(broker.url, { headers: { origin: 'http://127.0.0.1:8080' } });
  expect(client.isOpen).toBe(true);
});

describe('P105: every row of foreign, malformed and odd origins is a 403 before the handshake, and the broker lives', () => {
  const good = 'Origin: http://good.com';
  const rows: [what: string, ...headers: string[]][] = [
    ['foreign', 'Origin: https://evil.com'],
    ['null, of a sandboxed frame', 'Origin: null'],
    ['malformed', 'Origin: http://[::'],
    ['empty', 'Origin:'],
    ['good.com.evil', 'Origin: http://good.com.evil'],
    ['evilgood.com', 'Origin: http://evilgood.com'],
    ['upper case of another host', 'Origin: HTTP://EVIL.COM'],
    ['another host with the right port', 'Origin: http://evil.com:31002'],
    ['an impossible port', 'Origin: http://good.com:123456'],
    ['a user that is called like the host', 'Origin: http://good.com@evil.com'],
    ['IPv6', 'Origin: http://[::1]:8080'],
    ['IPv6 with a zone', 'Origin: http://[fe80::1%25eth0]'],
    ['several Origin headers, the right one first', good, 'Origin: http://evil.com'],
    ['several Origin headers, the right one last', 'Origin: http://evil.com', good],
    ['the right one twice', good, good],
    ['10 kB', `Origin: http://${'a'.repeat(10_000)}.com`],
    ['10 kB of the right host and a path', `${good}/${'a'.repeat(10_000)}`],
    ['UTF-8', `Origin: http://${Buffer.from('gööd.com').toString('latin1')}`],
    [
      'a letter that looks the same (Cyrillic о)',
      `Origin: http://g${Buffer.from('о').toString('latin1')}od.com`,
    ],
    ['punycode of such a one', 'Origin: http://xn--gd-jlca.com'],
    ['a soft hyphen, which URLs drop', 'Origin: http://goo\u00add.com.evil'],
    ['a full stop of another script', `Origin: http://good${Buffer.from('。').toString('latin1')}evil`],
    ['bytes that are no text', 'Origin: http://\u0080\u00ff\u00fe'],
    ['a path', `${good}/`],
    ['a backslash', 'Origin: http://evil.com\\\\good.com'],
    ['a file', 'Origin: file://'],
    ['an extension', 'Origin: chrome-extension://abcdefgh'],
    ['data', 'Origin: data:text/html,x'],
  ];

  test('one by one', { timeout: 120_000 }, async () => {
    const onClientConnect = vi.fn<() => void>();
    await using broker = await startBroker({ onClientConnect });
    const answerTo = async (headers: readonly string[]): Promise<string> => {
      await using tcp = await connectTcp(broker.port);
      const handshake = ['GET / HTTP/1.1', 'Host: good.com', 'Connection: Upgrade', 'Upgrade: websocket'];
      const keys = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
      const text = `${[...handshake, ...keys, ...headers].join('\r\n')}\r\n\r\n`;
      tcp.write(Buffer.from(text, 'latin1'));
      const [, status = ''] = await tcp.receiving(/^HTTP\/1\.1 (\d{3}) /);
      return status;
    };
    const answers: [string, string][] = [];
    for (const [what, ...headers] of rows) answers.push([what, await answerTo(headers)]);
    expect(answers).toEqual(rows.map(([what]) => [what, '403']));
    expect(onClientConnect).not.toHaveBeenCalled();
    expect(broker.websocketServer.clients.size).toBe(0);
    // However many there were, the log has a line, and not of 10 kB.
    const warned = broker.logs.entries.filter(({ level }) => level === 'warn');
    expect(warned).toHaveLength(1);
    for (const headers of [[good], ['Origin: HTTP://GOOD.COM:99'], []])
      expect(await answerTo(headers)).toBe('101');
  });
});
