import { createServer } from 'node:http';
import { MemoryLogger } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { settled } from '../test/fake-clock.ts';
import { Broker, type BrokerOptions } from './index.ts';

/** A broker on a server that nobody has listen. */
const startBroker = (options: BrokerOptions = {}) => {
  const logs = new MemoryLogger();
  const broker = Broker({ server: createServer(), log: logs, ...options });
  return { broker, logs, [Symbol.asyncDispose]: () => broker.close() };
};

const hanging = { type: 'function', handle: () => new Promise<void>(() => {}) } as const;

test('sendBackendMessage without a backend throws', async () => {
  await using started = startBroker();
  expect(() => started.broker.sendBackendMessage({ type: 'x' })).toThrow(
    expect.objectContaining({
      code: 'bad-option',
      message: expect.stringContaining('no `backend`') as string,
    }),
  );
});

test.each([undefined, null, 'hello', 7, []])(
  'sendBackendMessage of %j throws, and nothing is sent',
  async (message) => {
    let calls = 0;
    await using started = startBroker({
      backend: {
        type: 'function',
        handle() {
          calls += 1;
        },
      },
    });
    expect(() => started.broker.sendBackendMessage(message as never)).toThrow(
      'sendBackendMessage: the message is ',
    );
    await settled();
    expect(calls).toBe(0);
  },
);

test('sendBackendMessage throws queue-full when as much waits as may', async () => {
  await using started = startBroker({ backend: hanging, maxTotalQueuedBytes: 1_024 });
  const message = { type: 'x', text: 'x'.repeat(600) };
  const { broker } = started;
  broker.sendBackendMessage(message);
  broker.sendBackendMessage(message);
  expect(() => broker.sendBackendMessage(message)).toThrow(
    expect.objectContaining({
      name: 'BrokerError',
      code: 'queue-full',
      message: expect.stringContaining('maxTotalQueuedBytes') as string,
    }),
  );
  await broker.close({ drainMs: 1 });
});

test('sendBackendMessage throws closed once the broker is closed', async () => {
  await using started = startBroker({ backend: hanging });
  await started.broker.close();
  expect(() => started.broker.sendBackendMessage({ type: 'x' })).toThrow(
    expect.objectContaining({ code: 'closed' }),
  );
});

test('broadcast of what is no message throws to the caller', async () => {
  await using started = startBroker();
  expect(() => started.broker.broadcast(undefined)).toThrow(TypeError);
  const circular: Record<string, unknown> = {};
  circular['itself'] = circular;
  expect(() => started.broker.broadcast(circular)).toThrow(TypeError);
});

test('log writes as the command `log` does', async () => {
  await using started = startBroker();
  started.broker.log({ text: { a: 1 } });
  expect(started.logs.entries.at(-1)).toEqual({
    level: 'info',
    message: '! log',
    fields: { text: { a: 1 } },
  });
});

test('config is the object that was passed in', async () => {
  const options = { server: createServer(), log: false };
  await using broker = Broker(options);
  expect(broker.config).toBe(options);
  expect(broker.httpServer).toBe(options.server);
});

test('a name that no option has is told, and ends nothing', async () => {
  const options = {
    orgins: ['https://a.example'],
    backend: { ...hanging, alow: [] },
  } as unknown as BrokerOptions;
  await using started = startBroker(options);
  expect(started.logs.messages('warn')).toEqual([
    expect.stringContaining('unknown option `orgins`'),
    expect.stringContaining('unknown option `backend.alow`'),
  ]);
});

test.each([
  [{ backend: { ...hanging, allow: ['x'] } }, '`backend.allow` has "x"'],
  [{ trustedProxies: ['x'] }, '`trustedProxies` has "x"'],
  [{ pingIntervalMs: 1 }, '`pingIntervalMs` is 1'],
])('a bad option throws, and leaves neither timer nor listener: %j', (options, message) => {
  const server = createServer();
  const before = [server.eventNames(), process.getActiveResourcesInfo()];
  expect(() => Broker({ server, ...options })).toThrow(
    expect.objectContaining({ code: 'bad-option', message: expect.stringContaining(message) as string }),
  );
  expect([server.eventNames(), process.getActiveResourcesInfo()]).toEqual(before);
});
