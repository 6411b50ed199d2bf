import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { momentPlaceholder, momentUs, Poster } from './poster.ts';

const posterTo = (server: Server): Poster =>
  new Poster({
    port: (server.address() as AddressInfo).port,
    path: '/',
    contentType: 'application/json',
    body: `{"at":${momentPlaceholder}}`,
  });

const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'with a length': (response) => response.setHeader('content-length', 2).end('ok'),
  'in chunks': (response) => {
    response.write('o');
    response.end('k');
  },
  'without a body': (response) => response.writeHead(204).end(),
  'and closes': (response) => response.setHeader('connection', 'close').end('ok'),
};

test.each(Object.entries(answers))(
  'POSTs again once it is answered, where a server answers %s',
  async (_name, answer) => {
    const bodies: string[] = [];
    const wanted = Promise.withResolvers<void>();
    const server = createServer((request: IncomingMessage, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        bodies.push(body);
        if (bodies.length === 5) wanted.resolve();
        answer(response);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const beforeUs = momentUs();
    const poster = posterTo(server);
    poster.start();
    await wanted.promise;
    await poster.stop();
    expect(poster.posts).toBe(bodies.length);
    const moments = bodies.map((body) => (JSON.parse(body) as { at: number }).at);
    expect(moments).toEqual(moments.toSorted((a, b) => a - b));
    expect(moments[0]).toBeGreaterThanOrEqual(beforeUs);
    expect(moments.at(-1)).toBeLessThanOrEqual(momentUs());
    poster.close();
    server.close();
  },
);

test('does not POST again before it may', async () => {
  let posts = 0;
  const server = createServer((request, response) => {
    posts += 1;
    request.resume().on('end', () => response.end('ok'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const poster = posterTo(server);
  const asked = Promise.withResolvers<void>();
  poster.mayGoOn = () => {
    asked.resolve();
    return false;
  };
  poster.start();
  await asked.promise;
  await poster.stop();
  expect([poster.posts, posts]).toEqual([1, 1]);
  const again = Promise.withResolvers<void>();
  poster.mayGoOn = () => {
    again.resolve();
    return false;
  };
  poster.start();
  await again.promise;
  expect([poster.posts, posts]).toEqual([2, 2]);
  poster.close();
  server.close();
});

test('POSTs again on another connection, where the server has just ended the one that was quiet', async () => {
  let posts = 0;
  const wanted = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    posts += 1;
    if (posts === 2) return void request.socket.destroy();
    request.resume().on('end', () => response.end('ok'));
    if (posts === 4) wanted.resolve();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const poster = posterTo(server);
  poster.start();
  await wanted.promise;
  await poster.stop();
  expect(poster.posts).toBe(posts - 1);
  poster.close();
  server.close();
});
