import formbody from '@fastify/formbody';
import { serve } from '@hono/node-server';
import type { Backend } from '../src/backend.ts';
import express from 'express';
import fastify, { type FastifyInstance } from 'fastify';
import { Hono } from 'hono';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RunningServer extends AsyncDisposable {
  readonly url: string;
}

/** Puts a backend at `/events` of a real server on a free port. */
export type StartServer = (backend: Backend) => Promise<RunningServer>;

export const running = (server: Server, path = '/events'): RunningServer => ({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
  [Symbol.asyncDispose]: () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
});

export const listening = (server: Server): Promise<Server> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));

const startExpress = async (app: express.Express): Promise<RunningServer> =>
  running(await listening(createServer(app)));

const startFastify = async (app: FastifyInstance): Promise<RunningServer> => {
  await app.listen({ port: 0, host: '127.0.0.1' });
  return running(app.server);
};

/** Every way of mounting a backend that the README shows, and the ways in which a body may have been read before. */
export const servers: Readonly<Record<string, StartServer>> = {
  'node:http': async (backend) => running(await listening(createServer(backend.nodeHandler))),

  Express: (backend) => startExpress(express().post('/events', backend.nodeHandler)),

  'Express behind express.urlencoded and express.json': (backend) =>
    startExpress(
      express()
        .use(express.urlencoded({ extended: true, limit: '2mb' }), express.json({ limit: '2mb' }))
        .post('/events', backend.nodeHandler),
    ),

  'Express behind express.text': (backend) =>
    startExpress(
      express()
        .use(express.text({ type: '*/*' }))
        .post('/events', backend.nodeHandler),
    ),

  'Express behind express.raw': (backend) =>
    startExpress(
      express()
        .use(express.raw({ type: '*/*' }))
        .post('/events', backend.nodeHandler),
    ),

  'Fastify with @fastify/formbody': async (backend) => {
    const app = fastify();
    await app.register(formbody);
    app.post('/events', async (request, reply) => {
      const fields = request.body as Record<string, unknown>;
      const answer = await backend.handle({ ...fields, headers: request.headers });
      if (answer.maxBatch) reply.header('wsbroker-batch', answer.maxBatch);
      return reply.code(answer.status).type(answer.contentType).send(answer.text);
    });
    return startFastify(app);
  },

  'Fastify with reply.hijack': async (backend) => {
    const app = fastify();
    await app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
      scope.post('/events', (request, reply) => {
        reply.hijack();
        backend.nodeHandler(request.raw, reply.raw);
      });
    });
    return startFastify(app);
  },

  Hono: async (backend) => {
    const app = new Hono().post('/events', (c) => backend.fetch(c.req.raw));
    const server = await new Promise<Server>((resolve) => {
      const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () =>
        resolve(started as Server),
      );
    });
    return running(server);
  },
};
