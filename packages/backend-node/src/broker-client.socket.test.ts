import { createServer, type RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { listening, running, type RunningServer } from '../test/servers.ts';
import { BrokerClientError } from './broker-client-error.ts';
import { createBrokerClient } from './broker-client.ts';

const serve = async (listener: RequestListener): Promise<RunningServer> =>
  running(await listening(createServer(listener)), '/');

const failure = async (promise: Promise<unknown>): Promise<BrokerClientError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BrokerClientError);
  return error as BrokerClientError;
};

/** A port of which nothing is known but that nobody listens on it now. */
const freeUrl = async (): Promise<string> => {
  await using server = await serve(() => undefined);
  return server.url;
};

test('rejects with unreachable when nobody listens, and says so', async () => {
  const url = await freeUrl();
  const error = await failure(createBrokerClient({ url }).list());
  expect(error).toMatchObject({ code: 'unreachable', status: undefined });
  expect(error.message).toBe(
    `The broker is not reached at ${url} (ECONNREFUSED): is it running, and is this the port it listens on?`,
  );
  expect(error.cause).toBeInstanceOf(Error);
});

test('says ECONNREFUSED for a name with several addresses too', async () => {
  const url = (await freeUrl()).replace('127.0.0.1', 'localhost');
  const error = await failure(createBrokerClient({ url }).list());
  expect(error.message).toContain('(ECONNREFUSED)');
});

test('rejects with unreachable when the connection breaks before or within the answer', async () => {
  await using before = await serve((request) => request.socket.destroy());
  await using within = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('[');
    setImmediate(() => response.destroy());
  });
  for (const { url } of [before, within]) {
    const error = await failure(createBrokerClient({ url }).list());
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(error.message).toContain('whether the commands ran is not known');
  }
});

test('rejects with timeout when no answer comes, or it does not end', async () => {
  await using silent = await serve(() => undefined);
  await using dripping = await serve((_request, response) => void response.write('['));
  for (const { url } of [silent, dripping]) {
    const error = await failure(createBrokerClient({ url, timeoutMs: 50 }).list());
    expect(error).toMatchObject({ code: 'timeout', status: undefined });
    expect(error.message).toContain('did not answer within 50 ms (timeoutMs)');
  }
});

test('does not follow a redirect', async () => {
  await using target = await serve((_request, response) => response.end('[[]]'));
  await using server = await serve((_request, response) =>
    response.writeHead(307, { location: target.url }).end(),
  );
  expect(await failure(createBrokerClient({ url: server.url }).list())).toMatchObject({
    code: 'bad-answer',
    status: 307,
  });
});
