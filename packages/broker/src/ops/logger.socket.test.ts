import { brokerStarter, connectRaw, startFakeBackend } from '@wsbroker/testkit';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { Broker, type BrokerOptions, createJsonLogger, createTextLogger } from '../index.ts';

const startBroker = brokerStarter(Broker);

/** What a broker with this `log` writes during one conversation, `console` included. */
const linesOf = async (makeLog: (write: (line: string) => void) => BrokerOptions['log']) => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const print = vi.spyOn(console, 'log').mockImplementation(write);
  try {
    await using backend = await startFakeBackend(({ message }) =>
      message.type === 'client-hello'
        ? [
            { type: 'log', text: 'from the backend' },
            { type: 'confetti' },
            { type: 'send', message: { type: 'hi', secret: 1 } },
          ]
        : [],
    );
    await using broker = await startBroker({ log: makeLog(write), backend: { url: backend.url } });
    await using client = await connectRaw(broker.url, { headers: { cookie: 'token=sesame' } });
    client.send({ type: 'hello', secret: 'word' });
    await client.next(({ type }) => type === 'hi');
    await client.close();
    await broker.close();
    return lines;
  } finally {
    print.mockRestore();
  }
};

test('`log: true` prints the arrows of the seed: ➥ ↪ → ← ↑ ↓, one line each', async () => {
  const lines = await linesOf(() => true);
  const wskey = lines.find((line) => line.startsWith('↪'))?.split(' ')[3];
  expect(lines).toEqual([
    expect.stringMatching(/^➥ websocket server listening on port \d+$/),
    `↪ new connection ${wskey} 127.0.0.1`,
    "↑ to backend { type: 'session-connect' }",
    `→ from client ${wskey} { type: 'hello', secret: 'word' }`,
    "↑ to backend { type: 'client-hello', secret: 'word' }",
    "↓ from backend { type: 'log', text: 'from the backend' }",
    '! log from the backend',
    "↓ from backend { type: 'confetti' }",
    expect.stringMatching(/^! Unknown command `confetti`: .* unknown-command$/),
    "↓ from backend { type: 'send', message: { type: 'hi', secret: 1 } }",
    "← sent to 1/1 clients { type: 'hi', secret: 1 }",
    `← connection closed ${wskey}`,
    "↑ to backend { type: 'session-disconnect' }",
    '➥ websocket server closed',
  ]);
});

test.each([false, undefined])(
  '`log: %s` shows what went wrong and what the backend logs, and no payload',
  async (log) => {
    const lines = await linesOf(() => log);
    expect(lines).toEqual(['! log from the backend', expect.stringContaining('confetti')]);
  },
);

test("`log: 'json'` prints one JSON object a line, without payloads", async () => {
  const lines = await linesOf(() => 'json');
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(entries.map(({ level, msg }) => [level, String(msg).split(' ').slice(0, 2).join(' ')])).toEqual([
    ['info', '➥ websocket'],
    ['info', '! log'],
    ['warn', '! Unknown'],
    ['info', '➥ websocket'],
  ]);
  expect(entries[1]).toMatchObject({ text: 'from the backend' });
  for (const { time } of entries) expect(new Date(String(time)).toISOString()).toBe(time);
  expect(lines.join('\n')).not.toMatch(/word|sesame|secret/);
});

test('a pino instance fits as it is', async () => {
  const lines = await linesOf((write) => pino({ level: 'debug' }, { write }));
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(entries).toContainEqual(
    expect.objectContaining({ level: 30, msg: expect.stringContaining('➥') as string }),
  );
  expect(entries).toContainEqual(
    expect.objectContaining({ level: 20, msg: '→ from client', message: { type: 'hello', secret: 'word' } }),
  );
  expect(entries).toContainEqual(expect.objectContaining({ level: 30, text: 'from the backend' }));
  expect(entries).toContainEqual(expect.objectContaining({ level: 40, code: 'unknown-command' }));
});

test('a pino instance of level info gets no payload', async () => {
  const lines = await linesOf((write) => pino({ level: 'info' }, { write }));
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.join('\n')).not.toMatch(/word|sesame|secret/);
});

test('the loggers that the package offers fit as well', async () => {
  expect(await linesOf((write) => createTextLogger('info', write))).toContain('! log from the backend');
  expect((await linesOf((write) => createJsonLogger('info', write))).join()).toContain('from the backend');
});
