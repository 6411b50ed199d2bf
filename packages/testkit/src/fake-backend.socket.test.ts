import { expect, test } from 'vitest';
import { startFakeBackend } from './fake-backend.ts';
import { postText } from './post-commands.ts';

const eventBody = (type: string) =>
  new URLSearchParams({ message: JSON.stringify({ type }), connection: '{"wskey":"k"}' }).toString();
const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };

test('records form and JSON events and answers with the commands', async () => {
  await using backend = await startFakeBackend((event) => [{ type: 'log', text: event.message.type }]);
  const byForm = await postText(backend.url, eventBody('session-connect'), {
    headers: { ...form.headers, 'webhook-id': 'k-1', 'wsbroker-attempt': '2' },
  });
  expect(byForm.body).toEqual([{ type: 'log', text: 'session-connect' }]);
  await postText(backend.url, '{"message":{"type":"client-a"},"connection":{}}', {
    headers: { 'content-type': 'application/json' },
  });
  expect(await backend.next()).toMatchObject({
    message: { type: 'session-connect' },
    connection: { wskey: 'k' },
    encoding: 'form',
    id: 'k-1',
    attempt: 2,
  });
  expect(await backend.next()).toMatchObject({ message: { type: 'client-a' }, encoding: 'json', attempt: 0 });
});

test('answers 500 to what is no event, and remembers it', async () => {
  await using backend = await startFakeBackend();
  expect((await postText(backend.url, 'message=1', form)).status).toBe(500);
  expect(backend.refused).toHaveLength(1);
  expect(backend.events).toHaveLength(0);
});

test('gives any status, body and headers, late if asked', async () => {
  await using backend = await startFakeBackend({
    status: 503,
    body: 'later',
    headers: { 'retry-after': '1' },
    delayMs: 5,
  });
  expect(await postText(backend.url, eventBody('a'), form)).toMatchObject({
    status: 503,
    body: 'later',
    headers: { 'retry-after': '1' },
  });
});

test('misbehaves as asked', async () => {
  await using backend = await startFakeBackend('reset');
  await expect(postText(backend.url, eventBody('a'), form)).rejects.toMatchObject({ code: 'ECONNRESET' });
  backend.answerWith('truncate');
  await expect(postText(backend.url, eventBody('a'), form)).rejects.toThrow('aborted');
  backend.answerWith('garbage');
  await expect(postText(backend.url, eventBody('a'), form)).rejects.toMatchObject({
    code: expect.stringMatching(/^HPE_/) as string,
  });
  backend.answerWith('redirect');
  expect(await postText(backend.url, eventBody('a'), form)).toMatchObject({
    status: 302,
    headers: { location: '/redirected' },
  });
});

test.for(['hang', 'drip', 'endless'] as const)('%s never ends by itself; stop cuts it', async (how) => {
  await using backend = await startFakeBackend(how);
  const outcome = postText(backend.url, eventBody('a'), form).catch((error: unknown) => error);
  await backend.next();
  expect(backend.requestsInFlight).toBe(1);
  await backend.stop();
  expect(await outcome).toBeInstanceOf(Error);
  expect(backend.requestsInFlight).toBe(0);
});

test('stopped it refuses connections; started again it is on the same port', async () => {
  await using backend = await startFakeBackend();
  const { url } = backend;
  await backend.stop();
  await expect(postText(url, eventBody('a'), form)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await backend.start();
  expect(backend.url).toBe(url);
  expect((await postText(url, eventBody('a'), form)).status).toBe(200);
});

test('counts the requests that run at once', async () => {
  await using backend = await startFakeBackend();
  let release: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  backend.answerWith(async () => {
    await gate;
  });
  const posts = [1, 2, 3].map(() => postText(backend.url, eventBody('a'), form));
  await expect.poll(() => backend.requestsInFlight).toBe(3);
  release?.();
  await Promise.all(posts);
  await postText(backend.url, eventBody('a'), form);
  expect(backend.maxRequestsInFlight).toBe(3);
  await expect.poll(() => backend.requestsInFlight).toBe(0);
});
