import { expect, test, vi } from 'vitest';
import { errorWith, fakeTimeInEachTest, openClient, settle, startClient } from '../test/fake-client.ts';
import { openV1, welcome } from '../test/fake-v1.ts';

fakeTimeInEachTest();

/** Waits for the rejection from the start, so that none goes unhandled. */
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.unreachable(`resolved with ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );

test('resolves with the reply of its id', async () => {
  using started = await openV1();
  const { client, network } = started;
  const first = client.request({ type: 'ask', n: 1 });
  const second = client.request({ type: 'ask', n: 2 });
  const [one, two] = network.latest.messages.slice(2) as [string, number, unknown][];
  expect(one).toEqual(['request', one?.[1], { type: 'ask', n: 1 }]);
  network.latest.receive(['reply', two?.[1], { answer: 2 }]);
  network.latest.receive(['reply', one?.[1], { answer: 1 }]);
  network.latest.receive(['delivered', 2]);
  expect(await Promise.all([first, second])).toEqual([{ answer: 1 }, { answer: 2 }]);
  expect(client.status.unsettled).toBe(0);
});

test('waits in the queue, and is sent again like any message', async () => {
  using started = startClient();
  const { client, network } = started;
  const reply = client.request({ type: 'ask' });
  await settle();
  welcome(network.latest);
  network.latest.end();
  await vi.advanceTimersByTimeAsync(250);
  welcome(network.latest, { resumed: true });
  const [request] = network.latest.messages.slice(2) as [string, number][];
  network.latest.receive(['reply', request?.[1], 'yes']);
  network.latest.receive(['delivered', 1]);
  expect(await reply).toBe('yes');
});

test('rejects with the code of a failure', async () => {
  using started = await openV1();
  const error = rejection(started.client.request({ type: 'ask' }));
  started.network.latest.receive(['failed', 1, 'no-reply', 'The backend gave no reply']);
  expect(await error).toMatchObject({
    name: 'ClientError',
    code: 'failed',
    wireCode: 'no-reply',
    message: 'The backend gave no reply',
  });
  expect(started.errors).toEqual([]);
});

test('rejects after timeoutMs, and takes back what was not sent', async () => {
  using started = startClient();
  const { client, network } = started;
  const error = rejection(client.request({ type: 'ask' }, { timeoutMs: 50 }));
  client.send({ type: 'say' });
  await vi.advanceTimersByTimeAsync(50);
  expect(await error).toEqual(errorWith('timeout'));
  expect(client.status.unsettled).toBe(1);
  welcome(network.latest);
  expect(network.latest.messages.slice(2)).toEqual([{ type: 'say' }]);
});

test('rejects after timeoutMs, and ignores what comes later', async () => {
  using started = await openV1();
  const { client, network } = started;
  const error = rejection(client.request({ type: 'ask' }));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await error).toEqual(errorWith('timeout'));
  network.latest.receive(['reply', 1, 'late']);
  network.latest.receive(['delivered', 1]);
  expect(client.status.unsettled).toBe(0);
  expect(started.errors).toEqual([]);
});

test('waits for ever with timeoutMs Infinity', async () => {
  using started = await openV1();
  const reply = started.client.request({ type: 'ask' }, { timeoutMs: Infinity });
  for (let n = 0; n < 10; n++) {
    await vi.advanceTimersByTimeAsync(30_000);
    started.network.latest.receive(['pong']);
  }
  started.network.latest.receive(['reply', 1, 'yes']);
  expect(await reply).toBe('yes');
});

test('rejects when its signal is aborted, before or later, with the reason as cause', async () => {
  using started = await openV1();
  const { client } = started;
  const reason = new Error('enough');
  const controller = new AbortController();
  const later = rejection(client.request({ type: 'ask' }, { signal: controller.signal }));
  controller.abort(reason);
  expect(await later).toMatchObject({ code: 'aborted', cause: reason });
  const before = rejection(client.request({ type: 'ask' }, { signal: controller.signal }));
  expect(await before).toMatchObject({ code: 'aborted', cause: reason });
});

test('sends nothing when its signal was aborted before', async () => {
  using started = await openV1();
  await rejection(started.client.request({ type: 'ask' }, { signal: AbortSignal.abort() }));
  expect(started.network.latest.messages.slice(2)).toEqual([]);
});

test('rejects when it is processed and the reply was lost in a gap', async () => {
  using started = await openV1();
  const { client, network } = started;
  const error = rejection(client.request({ type: 'ask' }));
  network.latest.end();
  await vi.advanceTimersByTimeAsync(250);
  welcome(network.latest, { resumed: true, gap: true, received: 1 });
  network.latest.receive(['delivered', 1]);
  expect(await error).toEqual(errorWith('connection-lost'));
});

test('rejects when its connection is lost, and when the client is closed', async () => {
  using started = await openV1();
  const { client, network } = started;
  const lost = rejection(client.request({ type: 'ask' }));
  network.latest.receive(['ack', 1]);
  network.latest.end();
  await vi.advanceTimersByTimeAsync(250);
  welcome(network.latest);
  expect(await lost).toEqual(errorWith('connection-lost'));
  const closed = rejection(client.request({ type: 'ask' }));
  client.close();
  expect(await closed).toEqual(errorWith('closed'));
  expect(await rejection(client.request({ type: 'ask' }))).toEqual(errorWith('closed'));
});

test('rejects on the plain wire, open or opening', async () => {
  using opening = startClient();
  const early = rejection(opening.client.request({ type: 'ask' }));
  await settle();
  opening.network.latest.open();
  expect(await early).toEqual(errorWith('no-requests'));
  using open = await openClient();
  expect(await rejection(open.client.request({ type: 'ask' }))).toEqual(errorWith('no-requests'));
  expect(open.network.latest.sent).toEqual([]);
  expect([...opening.errors, ...open.errors]).toEqual([]);
});

test('rejects what send would throw', async () => {
  using started = startClient({ maxQueuedMessages: 0 });
  expect(await rejection(started.client.request({ type: 'ask' }))).toEqual(errorWith('queue-full'));
  expect(await rejection(started.client.request({ type: 'ask', n: 1n }))).toEqual(errorWith('not-json'));
});
