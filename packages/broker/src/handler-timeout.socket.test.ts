import { brokerStarter, connectRaw, startFakeBackend } from '@wsbroker/testkit';
import { expect, test } from 'vitest';
import { Broker } from './broker.ts';

const startBroker = brokerStarter(Broker);

const never = (): Promise<never> => new Promise(() => {});

test('a handler that never decides holds up only its own event, and for so long alone', async () => {
  await using backend = await startFakeBackend();
  await using broker = await startBroker({
    backend: { type: 'http', url: backend.url },
    handlerTimeoutMs: 50,
    onClientMessage: ({ type }) => (type === 'stuck' ? never() : true),
  });
  await using client = await connectRaw(broker.url);
  client.send({ type: 'stuck' });
  client.send({ type: 'next' });
  await backend.next(({ message }) => message['type'] === 'client-next');
  expect(backend.events.map(({ message }) => message['type'])).toEqual(['session-connect', 'client-next']);
  expect(broker.logs.text).toContain('onClientMessage failed');
});

test('a command of the application that never ends is an error in its place, and the next one runs', async () => {
  await using backend = await startFakeBackend(() => [
    { type: 'stuck' },
    { type: 'send', message: { type: 'after' } },
  ]);
  await using broker = await startBroker({
    backend: { type: 'http', url: backend.url },
    handlerTimeoutMs: 50,
    backendCommands: { stuck: never },
  });
  await using client = await connectRaw(broker.url);
  expect(await client.next()).toEqual({ type: 'after' });
  expect(broker.logs.text).toContain('`stuck` failed');
});
